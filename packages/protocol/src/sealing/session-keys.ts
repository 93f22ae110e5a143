// What both ends of a session derive from one HPKE context: its id, and one key per direction. Also the limits of a session.
import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AEAD_KEY_BYTES } from '@sallyport/core/aead';
import { lengthPrefixed, utf8 } from './encoding.ts';
import type { HpkeContext } from './hpke.ts';
import type { OfferedKeys } from './sealing-offer.ts';

/** Age at which a session ends, in milliseconds. Each end counts from when it first used the session. */
export const SESSION_MAX_AGE_MS = 10 * 60 * 1000;
/** Requests that a session carries; their counters are 0 to this minus one. */
export const SESSION_MAX_MESSAGES = 10_000;
/** Length of a session id, in bytes. */
export const SESSION_ID_BYTES = 16;

const SESSION_LABEL = 'sallyport session v1';
const MESSAGE_LABEL = 'sallyport sealed message v1';

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
  const id = context.export(utf8('session id'), SESSION_ID_BYTES);
  const directionKey = (exporterContext: string, direction: number): DirectionKey => {
    const bytes = context.export(utf8(exporterContext), AEAD_KEY_BYTES);
    const key = createSecretKey(bytes);
    // Best effort: the runtime may hold copies.
    bytes.fill(0);
    return { key, aadPrefix: lengthPrefixed([utf8(MESSAGE_LABEL), id, Uint8Array.of(direction)]) };
  };
  return {
    id: id.toString('base64url'),
    toDelegate: directionKey('client to delegate', 1),
    toClient: directionKey('delegate to client', 2),
  };
}
