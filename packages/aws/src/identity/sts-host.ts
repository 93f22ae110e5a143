// The hosts at which STS is, by region: what an identity request may be signed for. Made from the region, never matched by pattern, so
// that no other host of the same domain can pass for one.
// Source: AWS general reference, "AWS Security Token Service endpoints"; suffixes of the SDK's partitions data.
import { partitionOfRegion } from '@sallyport/core';
import type { Partition } from '@sallyport/core';

const SUFFIXES: Readonly<Record<Partition, string>> = {
  aws: 'amazonaws.com',
  'aws-cn': 'amazonaws.com.cn',
  'aws-us-gov': 'amazonaws.com',
  'aws-iso': 'c2s.ic.gov',
  'aws-iso-b': 'sc2s.sgov.gov',
  'aws-iso-e': 'cloud.adc-e.uk',
  'aws-iso-f': 'csp.hci.ic.gov',
  'aws-eusc': 'amazonaws.eu',
};

/** The old endpoint without a region; it answers for this one. */
const GLOBAL_HOST = 'sts.amazonaws.com';
const GLOBAL_REGION = 'us-east-1';

/** An endpoint of STS. */
export type StsHost = { region: string; partition: Partition; isFips: boolean };

/** The host of STS in a region, or `null` when there is no such region. */
export function stsHostOf(region: string, options: { isFips: boolean }): string | null {
  const partition = partitionOfRegion(region);
  if (partition === null) return null;
  // The endpoints of this partition are FIPS endpoints, and have no others beside them.
  const prefix = options.isFips && partition !== 'aws-us-gov' ? 'sts-fips' : 'sts';
  return `${prefix}.${region}.${SUFFIXES[partition]}`;
}

/** Reads the host of an endpoint of STS; `null` when it is none. */
export function parseStsHost(host: string): StsHost | null {
  if (host === GLOBAL_HOST) return { region: GLOBAL_REGION, partition: 'aws', isFips: false };
  const region = host.split('.', 2)[1] ?? '';
  const partition = partitionOfRegion(region);
  if (partition === null) return null;
  if (host === stsHostOf(region, { isFips: false })) {
    return { region, partition, isFips: partition === 'aws-us-gov' };
  }
  return host === stsHostOf(region, { isFips: true }) ? { region, partition, isFips: true } : null;
}
