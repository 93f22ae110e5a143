// Which key may unwrap a stored data key. The envelope names one, but an envelope is not trusted: only keys that the secrets manager
// is set to are ever called, whatever it says.
import { AppError, isSameMultiRegionKey, parseKeyArn } from '@sallyport/core';
import type { DataKey, KeyArn } from '@sallyport/core';

/** Provider id of data keys wrapped by KMS (AWS Encryption SDK message format); their provider info is the key's ARN. */
export const AWS_KMS_PROVIDER_ID = 'aws-kms';

/** The keys of one secrets manager. */
export type ManagerKeys = { pinnedKeyArn: string; formerKeyArns: readonly string[] };

/** A wrapped data key and the key that is asked to unwrap it. */
export type UnwrapChoice = { keyArn: string; region: string; ciphertext: Uint8Array };

/**
 * The first data key that one of the manager's keys wrapped. A multi-region key is called in the region that the manager is set
 * to, wherever the data key was made.
 * @returns `null` when none was
 */
export function chooseKey(
  encrypted: readonly DataKey['encrypted'][],
  keys: ManagerKeys,
): UnwrapChoice | null {
  const allowed = [keys.pinnedKeyArn, ...keys.formerKeyArns].map(parseKeyArn);
  for (const { providerId, providerInfo, ciphertext } of encrypted) {
    const named = providerId === AWS_KMS_PROVIDER_ID ? keyNamedBy(providerInfo) : null;
    const match = named === null ? undefined : allowed.find((arn) => isSameKey(arn, named));
    if (match !== undefined) return { keyArn: match.text, region: match.region, ciphertext };
  }
  return null;
}

function isSameKey(allowed: KeyArn, named: KeyArn): boolean {
  return allowed.text === named.text || isSameMultiRegionKey(allowed, named);
}

function keyNamedBy(providerInfo: Uint8Array): KeyArn | null {
  try {
    const arn = parseKeyArn(Buffer.from(providerInfo).toString('utf8'));
    return arn.type === 'key' ? arn : null;
  } catch {
    return null;
  }
}

/** The one refusal of an envelope, in the words that core uses for it. `why` goes to the log only. */
export function envelopeRejected(why: string, cause?: unknown): AppError {
  return new AppError('envelope-rejected', {
    publicMessage:
      'The envelope does not open: it is damaged, or it belongs to another secret, version or secrets manager.',
    message: `envelope rejected: ${why}`,
    cause,
  });
}
