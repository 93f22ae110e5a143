// Makes the grants that a delegate needs to serve what it was given: who may have which version of what, until when.
import { hash } from 'node:crypto';
import type { Availability, LocalGrant } from '@sallyport/protocol';
import { callerHashOf } from '@sallyport/protocol/local-grants';
import type { Principal } from '../access/principal.ts';
import type { FoundItem } from '../secrets/find-readable.ts';
import { placeInTask } from '../secrets/task-place.ts';

/** What all grants of one answer have in common. */
export type GrantFrame = Pick<
  LocalGrant,
  'accountId' | 'delegate' | 'callerHash' | 'principal' | 'issuedAtMs'
> & {
  /** When the caller's key expires. */
  keyExpiresAtMs: number | null;
};

export function grantFrame(of: {
  accountId: string;
  /** Fingerprint. */
  delegate: string;
  apiKey: string;
  principal: Principal;
  /** When it began to be decided: nothing that was withdrawn before then is granted. */
  issuedAtMs: number;
}): GrantFrame {
  const { accountId, delegate, apiKey, issuedAtMs } = of;
  const { kind, id, name, expiresAtMs } = of.principal;
  const principal = { kind, id, name };
  const callerHash = callerHashOf(apiKey);
  return { accountId, delegate, callerHash, principal, issuedAtMs, keyExpiresAtMs: expiresAtMs };
}

export function makeGrant(frame: GrantFrame, item: FoundItem, envelope: Uint8Array): LocalGrant {
  const { keyExpiresAtMs, ...common } = frame;
  const { reference, found, place } = item;
  const { secret, version, foundAs } = found;
  const { availability } = secret;
  return {
    format: 1,
    ...common,
    reference,
    secretId: secret.id,
    name: foundAs,
    kind: secret.kind,
    version: version.version,
    secretsManagerId: version.secretsManagerId,
    place: placeInTask(place),
    availability,
    envelopeHash: hash('sha256', envelope, 'base64url'),
    expiresAtMs: expiryOf(availability, frame.issuedAtMs, keyExpiresAtMs),
  };
}

/** No grant outlives the key that it was asked for with. */
function expiryOf(availability: Availability, issuedAtMs: number, keyExpiresAtMs: number | null): number {
  const ageMs = availability.mode === 'fresh' ? 0 : availability.maxAgeSeconds * 1000;
  return Math.max(issuedAtMs, Math.min(issuedAtMs + ageMs, keyExpiresAtMs ?? Infinity));
}
