// Prefixed, branded ids: `sec_…` is a `SecretId`, and mixing two kinds is a type error. Ids are opaque: they may appear in
// CloudTrail (encryption context), so they carry no name; their first characters sort by creation time, which keeps
// database pages warm and makes cursors simple.
import { AppError } from '../errors/app-error.ts';

/** Prefix of each kind of id. */
export const ID_PREFIXES = {
  secret: 'sec',
  secretsManager: 'sm',
  delegate: 'dlg',
  delegateToken: 'dtk',
  apiKey: 'key',
  audit: 'aud',
  task: 'tsk',
  request: 'req',
  upload: 'upl',
  application: 'app',
  environment: 'env',
  service: 'svc',
  configEntry: 'cfg',
  user: 'usr',
  group: 'grp',
  session: 'ses',
  link: 'lnk',
  workloadIssuer: 'wli',
  delegateProfile: 'dpf',
  profileRun: 'pfr',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

declare const brand: unique symbol;
/** A string known to be an id of one kind. */
export type Id<K extends IdKind> = string & { readonly [brand]: K };

export type SecretId = Id<'secret'>;
export type SecretsManagerId = Id<'secretsManager'>;
export type DelegateId = Id<'delegate'>;
export type DelegateTokenId = Id<'delegateToken'>;
export type ApiKeyId = Id<'apiKey'>;
export type AuditId = Id<'audit'>;
export type TaskId = Id<'task'>;
export type RequestId = Id<'request'>;
export type UploadId = Id<'upload'>;
export type ApplicationId = Id<'application'>;
export type EnvironmentId = Id<'environment'>;
export type ServiceId = Id<'service'>;
export type ConfigEntryId = Id<'configEntry'>;
export type UserId = Id<'user'>;
export type GroupId = Id<'group'>;
export type SessionId = Id<'session'>;
export type LinkId = Id<'link'>;
export type WorkloadIssuerId = Id<'workloadIssuer'>;
export type DelegateProfileId = Id<'delegateProfile'>;
export type ProfileRunId = Id<'profileRun'>;

// Crockford's base 32 in lower case: no i, l, o, u, so ids survive being read aloud.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/** Bytes of randomness in one id (80 bits). */
export const ID_RANDOM_BYTES = 10;

/**
 * Makes an id: `<prefix>_<10 characters of time><16 characters of randomness>`.
 * @param source.nowMs milliseconds since the epoch
 * @param source.random at least `ID_RANDOM_BYTES` bytes from a cryptographic source
 */
export function makeId<K extends IdKind>(kind: K, source: { nowMs: number; random: Uint8Array }): Id<K> {
  let time = '';
  for (let rest = source.nowMs, i = 0; i < TIME_CHARACTERS; i++) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  return `${ID_PREFIXES[kind]}_${time}${encodeBase32(source.random.subarray(0, ID_RANDOM_BYTES))}` as Id<K>;
}

function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((pending >>> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  return text;
}

const BODY = new RegExp(`^[${ALPHABET}]{${TIME_CHARACTERS + RANDOM_CHARACTERS}}$`);

/** Tells whether `text` has the form of an id of this kind. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  const prefix = `${ID_PREFIXES[kind]}_`;
  return text.startsWith(prefix) && BODY.test(text.slice(prefix.length));
}

/**
 * Checks the form of an id that came from outside.
 * @throws {invalid-request} when it has another form
 */
export function parseId<K extends IdKind>(kind: K, text: string): Id<K> {
  if (!isId(kind, text)) {
    throw new AppError('invalid-request', {
      publicMessage: `This is not an id of the form ${ID_PREFIXES[kind]}_….`,
    });
  }
  return text;
}
