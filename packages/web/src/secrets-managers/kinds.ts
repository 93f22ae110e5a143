// The kinds of secrets managers, as the web UI names them.
import type { SecretsManagerKind } from '@sallyport/core';

export const KINDS: readonly { kind: SecretsManagerKind; label: string; meaning: string }[] = [
  { kind: 'aws-kms', label: 'AWS KMS', meaning: 'A key in AWS Key Management Service protects the secrets.' },
  {
    kind: 'built-in',
    label: 'Built-in',
    meaning: 'A key ring in the delegate’s own data folder. To try things, or where there is no KMS.',
  },
];

export function labelOfKind(kind: SecretsManagerKind): string {
  return KINDS.find((one) => one.kind === kind)?.label ?? kind;
}
