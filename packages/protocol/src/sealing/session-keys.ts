// What both ends of a session derive from one HPKE context: its id, and one key per direction.
import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AEAD_KEY_BYTES } from '@sallyport/core/aead';
import { lengthPrefixed, utf8 } from './encoding.ts';
import type { HpkeContext } from './hpke.ts';
import type { OfferedKeys } from './sealing-offer.ts';
import { MESSAGE_LABEL, SESSION_EXPORTS, SESSION_ID_BYTES, SESSION_LABEL } from './session-limits.ts';

/** The key of one direction, and the associated data that all its messages start with. */
export type DirectionKey = { key: KeyObject; aadPrefix: Buffer };

export type SessionKeys = {
  /** The session id, base64url. */
  id: string;
  toDelegate: DirectionKey;
  toClient: DirectionKey;
};

/** HPKE `info`: binds a session to the identity and the sealing key of one delegate. */
export function sessionInfo(keys: OfferedKeys): Buffer {
  return lengthPrefixed([utf8(SESSION_LABEL), keys.identityKey, keys.sealingKey]);
}

/** Exports id and keys; the context can be dropped afterwards. */
export function deriveSessionKeys(context: HpkeContext): SessionKeys {
  const id = context.export(utf8(SESSION_EXPORTS.id), SESSION_ID_BYTES);
  const directionKey = (named: { exporterContext: string; direction: number }): DirectionKey => {
    const { exporterContext, direction } = named;
    const bytes = context.export(utf8(exporterContext), AEAD_KEY_BYTES);
    const key = createSecretKey(bytes);
    // Best effort: the runtime may hold copies.
    bytes.fill(0);
    return { key, aadPrefix: lengthPrefixed([utf8(MESSAGE_LABEL), id, Uint8Array.of(direction)]) };
  };
  return {
    id: id.toString('base64url'),
    toDelegate: directionKey(SESSION_EXPORTS.toDelegate),
    toClient: directionKey(SESSION_EXPORTS.toClient),
  };
}
