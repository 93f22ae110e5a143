// Schemas of ids, names and references, as strings on the wire and as branded types behind it.
import { z } from 'zod';
import { isId } from '@sallyport/core';
import type { IdKind, Id } from '@sallyport/core';

function idSchema<K extends IdKind>(kind: K, example: string) {
  return z.custom<Id<K>>((value) => typeof value === 'string' && isId(kind, value), {
    error: `must be an id such as ${example}`,
  });
}

export const SecretIdSchema = idSchema('secret', 'sec_01k5…');
export const SecretsManagerIdSchema = idSchema('secretsManager', 'sm_01k5…');
export const DelegateIdSchema = idSchema('delegate', 'dlg_01k5…');
export const DelegateTokenIdSchema = idSchema('delegateToken', 'dtk_01k5…');
export const ApiKeyIdSchema = idSchema('apiKey', 'key_01k5…');
export const TaskIdSchema = idSchema('task', 'tsk_01k5…');
export const ApplicationIdSchema = idSchema('application', 'app_01k5…');
export const EnvironmentIdSchema = idSchema('environment', 'env_01k5…');
export const ServiceIdSchema = idSchema('service', 'svc_01k5…');
export const ConfigEntryIdSchema = idSchema('configEntry', 'cfg_01k5…');
export const UserIdSchema = idSchema('user', 'usr_01k5…');
export const GroupIdSchema = idSchema('group', 'grp_01k5…');
export const SessionIdSchema = idSchema('session', 'ses_01k5…');
export const WorkloadIssuerIdSchema = idSchema('workloadIssuer', 'wli_01k5…');
export const DelegateProfileIdSchema = idSchema('delegateProfile', 'dpf_01k5…');
export const ProfileRunIdSchema = idSchema('profileRun', 'pfr_01k5…');
export const RequestIdSchema = idSchema('request', 'req_01k5…');

/** Base64url without padding, of at most `maxBytes` decoded bytes. */
export function base64Url(maxBytes: number) {
  return z
    .string()
    .max(Math.ceil((maxBytes * 4) / 3) + 2)
    .regex(/^[A-Za-z0-9_-]*$/, 'must be base64url without padding');
}

/** Milliseconds since the epoch. */
export const TimeMs = z
  .number()
  .int()
  .min(0)
  .max(8_640_000_000_000_000)
  .describe('Milliseconds since the epoch.');

/** A display name; its characters are checked in core, which words the error. */
export const NameSchema = z.string().min(1).max(256);

/** How a path or field points at something that has id and name. */
export const ReferenceSchema = z.string().min(1).max(300).describe('An id, or a name.');

/**
 * How a request points at a secret version: `name`, `name@3`, `sec_…` or `sec_…@3`, each also behind `sally://application/environment/`.
 */
export const SecretReferenceSchema = z
  .string()
  .min(1)
  .max(900)
  .describe(
    'A name or an id, with an optional version: `db-password`, `db-password@3`, `sec_…@3`. With `sally://application/environment/` before it, the secret that is usable there.',
  );

/** Cursor of a paged list: opaque, from the previous page. */
export const CursorSchema = z.string().min(1).max(512);

export const PageQuery = z.strictObject({
  cursor: CursorSchema.optional().describe('`nextCursor` of the page before.'),
  limit: z.coerce.number().int().min(1).max(500).optional().describe('Rows on one page; default 100.'),
});
