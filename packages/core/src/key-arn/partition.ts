// AWS partitions and the shape of their region names (source: the SDK's partitions data, spec aws.md A1).

const PARTITIONS = {
  aws: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d{1,2}$/,
  'aws-cn': /^cn-[a-z]+-\d{1,2}$/,
  'aws-us-gov': /^us-gov-[a-z]+-\d{1,2}$/,
  'aws-iso': /^us-iso-[a-z]+-\d{1,2}$/,
  'aws-iso-b': /^us-isob-[a-z]+-\d{1,2}$/,
  'aws-iso-e': /^eu-isoe-[a-z]+-\d{1,2}$/,
  'aws-iso-f': /^us-isof-[a-z]+-\d{1,2}$/,
  'aws-eusc': /^eusc-de-[a-z]+-\d{1,2}$/,
} as const;

/** An AWS partition: a group of regions with accounts and endpoints of its own. */
export type Partition = keyof typeof PARTITIONS;

export const PARTITION_NAMES = Object.keys(PARTITIONS) as readonly Partition[];

/** The partition that a region belongs to, or `null` when no partition has regions of this form. */
export function partitionOfRegion(region: string): Partition | null {
  return PARTITION_NAMES.find((partition) => PARTITIONS[partition].test(region)) ?? null;
}
