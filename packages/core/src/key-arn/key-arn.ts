// Parser of KMS key ARNs. It accepts only full ARNs, since KMS resolves a bare id or alias in the client's region, which may
// silently be another key. The region of a secrets manager is derived from here; see spec aws.md A1 for the grammar.
import { AppError } from '../errors/app-error.ts';
import { partitionOfRegion } from './partition.ts';
import type { Partition } from './partition.ts';

/** A parsed key ARN. `text` is exactly what was given. */
export type KeyArn = {
  text: string;
  partition: Partition;
  region: string;
  /** Twelve digits. */
  accountId: string;
} & (
  | {
      type: 'key';
      keyId: string;
      /** A multi-region key (`mrk-…`): same material in several regions. */ multiRegion: boolean;
    }
  | { type: 'alias'; /** With its `alias/` prefix. */ alias: string }
);

const ARN_MAX_CHARACTERS = 2048;
const UUID_KEY_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MULTI_REGION_KEY_ID = /^mrk-[0-9a-f]{32}$/;
const ALIAS_NAME = /^[A-Za-z0-9/_-]{1,250}$/;
const EXAMPLE = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/**
 * Parses a key or alias ARN.
 * @throws {invalid-key-arn} with a message that names the part that is wrong
 */
export function parseKeyArn(text: string): KeyArn {
  if (text.length > ARN_MAX_CHARACTERS) throw wrong('it is too long');
  if (!text.startsWith('arn:')) {
    throw wrong(
      UUID_KEY_ID.test(text) || text.startsWith('alias/') || text.startsWith('mrk-')
        ? 'a bare key id or alias would be looked up in whatever region the caller uses; give the full ARN'
        : 'it does not start with "arn:"',
    );
  }
  const parts = text.split(':');
  if (parts.length !== 6) throw wrong(`it has ${parts.length} parts between colons instead of 6`);
  const [, partitionText = '', service = '', region = '', accountId = '', resource = ''] = parts;
  if (service !== 'kms') throw wrong(`its service is "${printable(service)}" instead of "kms"`);
  const partition = partitionOfRegion(region);
  if (partition === null) throw wrong(`"${printable(region)}" is not an AWS region`);
  if (partition !== partitionText) {
    throw wrong(`region ${region} belongs to partition "${partition}", not to "${printable(partitionText)}"`);
  }
  if (!/^\d{12}$/.test(accountId)) throw wrong('its account id is not 12 digits');
  return { text, partition, region, accountId, ...parseResource(resource) };
}

function parseResource(
  resource: string,
): { type: 'key'; keyId: string; multiRegion: boolean } | { type: 'alias'; alias: string } {
  const slash = resource.indexOf('/');
  const type = resource.slice(0, slash);
  const name = resource.slice(slash + 1);
  if (slash > 0 && type === 'key') {
    if (UUID_KEY_ID.test(name)) return { type: 'key', keyId: name, multiRegion: false };
    if (MULTI_REGION_KEY_ID.test(name)) return { type: 'key', keyId: name, multiRegion: true };
    throw wrong('its key id is neither a lower-case UUID nor "mrk-" and 32 hexadecimal digits');
  }
  if (slash > 0 && type === 'alias') {
    if (name.startsWith('aws/')) {
      throw wrong(
        'keys behind "alias/aws/…" are managed by AWS and serve only AWS services; create a key of your own',
      );
    }
    if (!ALIAS_NAME.test(name))
      throw wrong('its alias has characters other than letters, digits, "/", "_" and "-"');
    return { type: 'alias', alias: `alias/${name}` };
  }
  throw wrong('its resource is neither "key/…" nor "alias/…"');
}

/**
 * Two ARNs of one multi-region key: same partition, account and key id, other region. A multi-region id in another account is
 * another key.
 */
export function isSameMultiRegionKey(a: KeyArn, b: KeyArn): boolean {
  return (
    a.type === 'key' &&
    b.type === 'key' &&
    a.multiRegion &&
    a.keyId === b.keyId &&
    a.accountId === b.accountId &&
    a.partition === b.partition
  );
}

/**
 * Compares a region that somebody chose with the one in the ARN.
 * @throws {region-mismatch} naming both regions
 */
export function requireRegionOf(arn: KeyArn, region: string): void {
  if (arn.region === region) return;
  throw new AppError('region-mismatch', {
    publicMessage: `The key ARN is in region ${arn.region}, but the region given is ${printable(region)}. Use ${arn.region}, or the ARN of a key in ${printable(region)}.`,
    data: { arnRegion: arn.region, region: printable(region) },
  });
}

function wrong(why: string): AppError {
  return new AppError('invalid-key-arn', {
    publicMessage: `This is not a usable KMS key ARN: ${why}. A key ARN looks like ${EXAMPLE}.`,
  });
}

/** Keeps what a message repeats short and printable. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64);
}
