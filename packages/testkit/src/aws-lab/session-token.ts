// Temporary credentials. As with AWS the session token carries the session, sealed under a key that only the lab has, so sessions
// need no table and outlive a restart of a lab that keeps its state. What ends them early is on the role (revoked, expired).
import { randomBytes } from 'node:crypto';
import { openAead, sealAead } from '@sallyport/core/aead';
import { randomIamId } from './master-secret.ts';
import type { MasterSecret } from './master-secret.ts';

/** What a session token says. */
export type SessionClaims = {
  accessKeyId: string;
  roleArn: string;
  /** `AROA…`, so that a role that was deleted and made again does not honour sessions of the old one. */
  roleId: string;
  sessionName: string;
  issuedAtMs: number;
  expiresAtMs: number;
  /** Rises with every session, restarts included; orders sessions of one millisecond. */
  serial: number;
  /** The session policy's JSON; `null` when there is none. */
  policy: string | null;
  sourceIdentity: string | null;
};

/** Credentials as STS, IMDS and the ECS endpoint hand them out. */
export type SessionCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiresAtMs: number;
};

export type SessionTokens = {
  mint(claims: Omit<SessionClaims, 'accessKeyId' | 'serial'>): SessionCredentials;
  /** What the token says, or `null` when it is not one of this lab's or belongs to another access key. Does not judge expiry. */
  read(presented: { accessKeyId: string; sessionToken: string }): SessionClaims | null;
  /** The serial of the newest session; every session so far has this one or a lower one. */
  lastSerial(): number;
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CACHE_ENTRIES = 10_000;
const AAD = Buffer.from('sallyport-lab session token');

/** Secret access key of an access key id, 40 characters like AWS's. */
export function secretAccessKeyOf(master: MasterSecret, accessKeyId: string): string {
  return master.deriveBytes('secret-access-key', accessKeyId, 30).toString('base64');
}

/** Makes and reads session tokens of one lab. */
export function makeSessionTokens(master: MasterSecret): SessionTokens {
  const key = master.deriveKey('session-token', '');
  const cache = new Map<string, SessionClaims>();
  // Microseconds since the epoch at the start, so that serials rise over restarts too.
  let serial = Date.now() * 1000;
  return {
    lastSerial: () => serial,
    mint: (given) => {
      serial += 1;
      const claims: SessionClaims = { ...given, accessKeyId: randomIamId('ASIA'), serial };
      const nonce = randomBytes(NONCE_BYTES);
      const sealed = sealAead({ key, nonce, aad: AAD }, Buffer.from(JSON.stringify(claims)));
      return {
        accessKeyId: claims.accessKeyId,
        secretAccessKey: secretAccessKeyOf(master, claims.accessKeyId),
        sessionToken: Buffer.concat([nonce, sealed.tag, sealed.ciphertext]).toString('base64'),
        expiresAtMs: claims.expiresAtMs,
      };
    },
    read: ({ accessKeyId, sessionToken }) => {
      let claims = cache.get(sessionToken);
      if (claims === undefined) {
        const bytes = Buffer.from(sessionToken, 'base64');
        if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64') !== sessionToken) return null;
        const opened = openAead(
          { key, nonce: bytes.subarray(0, NONCE_BYTES), aad: AAD },
          {
            tag: bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES),
            ciphertext: bytes.subarray(NONCE_BYTES + TAG_BYTES),
          },
        );
        if (opened === null) return null;
        claims = JSON.parse(opened.toString('utf8')) as SessionClaims;
        if (cache.size >= CACHE_ENTRIES) cache.clear();
        cache.set(sessionToken, claims);
      }
      return claims.accessKeyId === accessKeyId ? claims : null;
    },
  };
}
