// The encryption context of an envelope: what KMS and the envelope both authenticate, so that an envelope moved to another
// secret, version or secrets manager does not open. CloudTrail shows it in clear: opaque ids only.
import { AppError } from '../errors/app-error.ts';
import type { SecretId, SecretsManagerId } from '../ids/id.ts';

/** A context as KMS takes it: string to string, order without meaning. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** Fixed pairs of a secrets manager: at most 8, at most 1 KiB in all, ASCII. */
export const FIXED_CONTEXT_LIMITS = { pairs: 8, bytes: 1024 } as const;

const KEY = /^[a-z][a-z0-9:_.-]{0,127}$/;
const VALUE = /^[\x20-\x7e]{1,256}$/;

/** Which envelope a context stands for. */
export type EnvelopeBinding = {
  secretsManagerId: SecretsManagerId;
  secretId: SecretId;
  version: number;
};

/**
 * The full context of one secret version. Stored nowhere: both sides compute it, so that what was stored cannot decide what is
 * expected.
 */
export function encryptionContextOf(binding: EnvelopeBinding, fixed: EncryptionContext): EncryptionContext {
  // The binding comes last: fixed pairs cannot replace it, whoever made them up.
  return {
    ...fixed,
    'sallyport:secrets-manager': binding.secretsManagerId,
    'sallyport:secret': binding.secretId,
    'sallyport:version': String(binding.version),
  };
}

/**
 * Checks the fixed pairs of a secrets manager.
 * @throws {invalid-encryption-context}
 */
export function checkFixedContext(fixed: EncryptionContext): void {
  const pairs = Object.entries(fixed);
  if (pairs.length > FIXED_CONTEXT_LIMITS.pairs)
    throw wrong(`At most ${FIXED_CONTEXT_LIMITS.pairs} context pairs can be given.`);
  let bytes = 0;
  for (const [key, value] of pairs) {
    if (key.startsWith('aws-crypto'))
      throw wrong('Context keys that start with "aws-crypto" are reserved by AWS.');
    if (key.startsWith('sallyport:'))
      throw wrong('Context keys that start with "sallyport:" are set by Sallyport itself.');
    if (!KEY.test(key)) {
      throw wrong(
        'A context key begins with a lower-case letter and has lower-case letters, digits and : _ . - after it.',
      );
    }
    if (!VALUE.test(value))
      throw wrong(`The value of context key "${key}" must have 1 to 256 printable ASCII characters.`);
    bytes += key.length + value.length;
  }
  if (bytes > FIXED_CONTEXT_LIMITS.bytes)
    throw wrong(`The context pairs have ${bytes} bytes; ${FIXED_CONTEXT_LIMITS.bytes} are allowed.`);
}

function wrong(publicMessage: string): AppError {
  return new AppError('invalid-encryption-context', { publicMessage });
}
