// The port between a delegate and whatever protects data keys: AWS KMS (package aws) or a key ring file (package delegate).
// Types only; `KeyObject` is Node's, but as a type it costs a browser nothing.
import type { KeyObject } from 'node:crypto';
import type { EncryptionContext } from '../secrets-manager/encryption-context.ts';

/** A fresh data key: in clear for the envelope to be written now, and wrapped for the envelope's header. */
export type DataKey = {
  /** 256-bit secret key. */
  key: KeyObject;
  /** As the envelope's header stores it. */
  encrypted: { providerId: string; providerInfo: Uint8Array; ciphertext: Uint8Array };
};

/**
 * Makes and unwraps data keys for one secrets manager. Both calls send the whole encryption context to the key service and
 * check the identity of the key that answered. No caching here: the delegate's data-key cache stands in front.
 */
export type KeyProvider = {
  /**
   * @param signal aborts the attempt, retries included
   * @throws {aws-unreachable} {aws-credentials} {assume-role-failed} {key-unusable} {access-denied} {aws-throttled} {aws-failed}
   * with `data.stage` set
   */
  generateDataKey(request: { context: EncryptionContext; signal: AbortSignal }): Promise<DataKey>;
  /**
   * Unwraps the first of `encrypted` that is this provider's own.
   * @throws as `generateDataKey`, and {envelope-rejected} when none is this provider's own or the context does not match
   */
  unwrapDataKey(request: {
    encrypted: readonly DataKey['encrypted'][];
    context: EncryptionContext;
    signal: AbortSignal;
  }): Promise<KeyObject>;
  /** Ends background work and connections. */
  close(): void;
};
