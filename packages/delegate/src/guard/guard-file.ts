// The guard file: limits that the delegate's operator sets on the delegate's host and that no server can widen. Read once, at
// start; a file that is malformed or that others could change refuses to start. What the limits mean is in guard.ts.
import { z } from 'zod';
import { AppError, isAppError, parseKeyArn, partitionOfRegion, SECRETS_MANAGER_KINDS } from '@sallyport/core';
import { SCRIPT_DEFAULT_SECONDS, SCRIPT_MAX_SECONDS } from '@sallyport/protocol';
import { readTrustedFile } from '../data-folder/private-file.ts';

// Stands in for the resource when the rest of a wildcard entry is checked.
const ANY_KEY = 'key/00000000-0000-0000-0000-000000000000';

/** Two parts of names or ids; names have no slash. */
const PLACE = /^[^/]+\/[^/]+$/;

const KeyArnEntry = z
  .string()
  .max(2048)
  .superRefine((text, check) => {
    try {
      parseKeyArn(text.endsWith(':*') ? text.slice(0, -1) + ANY_KEY : text);
    } catch (thrown) {
      const message = isAppError(thrown) ? thrown.publicMessage : 'malformed';
      check.addIssue({ code: 'custom', message });
    }
  })
  .describe(
    'A key or alias ARN, or `arn:aws:kms:REGION:ACCOUNT:*` for every key of one account in one region.',
  );

const Endpoint = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .nullable()
  .default(null);

/** What scripts may do here. */
const ScriptRules = z.strictObject({
  allow: z.boolean().describe('false: none is run, as without this entry.'),
  sha256: z
    .array(z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex, as sha256sum prints it'))
    .max(1000)
    .nullable()
    .default(null)
    .describe(
      'The only scripts that are run, by the SHA-256 of their text before values are filled in. null: any.',
    ),
  interpreters: z
    .array(z.string().max(1024).regex(/^\//, 'must be an absolute path'))
    .min(1)
    .max(20)
    .default(['/bin/bash'])
    .describe('Programs that scripts may be written for; the first is the usual one.'),
  maxSeconds: z
    .number()
    .int()
    .min(1)
    .max(SCRIPT_MAX_SECONDS)
    .default(SCRIPT_DEFAULT_SECONDS)
    .describe('The longest time that a script may ask for.'),
  maxOutputBytes: z
    .number()
    .int()
    .min(1)
    .max(1_073_741_824)
    .default(67_108_864)
    .describe('A script that writes more is ended.'),
  maxAtOnce: z.number().int().min(1).max(256).default(8).describe('Scripts that run at a time.'),
  environment: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'),
      z.string().max(8192),
    )
    .default({})
    .describe('Variables that scripts get beside PATH, HOME, TMPDIR and LANG, or instead of these.'),
  user: z
    .strictObject({ uid: z.number().int().min(0), gid: z.number().int().min(0) })
    .nullable()
    .default(null)
    .describe(
      "Whom scripts run as; the delegate has to run as root for that. null: as the delegate's own user.",
    ),
});
export type ScriptRules = z.infer<typeof ScriptRules>;

/** Content of a guard file. Whatever is left out is not limited. */
export const GuardFile = z.strictObject({
  secretsManagerKinds: z
    .array(z.enum(SECRETS_MANAGER_KINDS))
    .min(1)
    .nullable()
    .default(null)
    .describe('Kinds of secrets managers that this delegate serves; null: all.'),
  keyArns: z
    .array(KeyArnEntry)
    .max(1000)
    .nullable()
    .default(null)
    .describe(
      'KMS keys that may be used; an alias is allowed only when the alias ARN itself is listed. null: all.',
    ),
  places: z
    .array(z.string().max(300).regex(PLACE, 'must be APPLICATION/ENVIRONMENT, each a name, an id or *'))
    .max(1000)
    .nullable()
    .default(null)
    .describe(
      'Applications and environments for which secrets are read and written, as `application/environment`; each part by name or id, or `*`. With it, what names no place is refused. null: all.',
    ),
  maxDecryptsPerMinute: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe('Values opened a minute, from the cache or not; as many may come at once. null: no limit.'),
  stsRegions: z
    .array(z.string().refine((region) => partitionOfRegion(region) !== null, 'not the name of an AWS region'))
    .max(100)
    .nullable()
    .default(null)
    .describe(
      'Regions in which STS may be asked who signed the request of a workload; an empty list: none. null: all.',
    ),
  scripts: ScriptRules.nullable()
    .default(null)
    .describe('Whether and which scripts are run on this host. null: none.'),
  kmsEndpoint: Endpoint.describe('Replaces the KMS endpoint; null: as the environment says.'),
  stsEndpoint: Endpoint.describe('Replaces the STS endpoint; null: as the environment says.'),
  useFipsEndpoints: z
    .boolean()
    .nullable()
    .default(null)
    .describe('Use FIPS endpoints; null: as the environment says.'),
});
export type GuardFile = z.infer<typeof GuardFile>;

/** What holds without a guard file. */
export const NO_GUARD_FILE: GuardFile = GuardFile.parse({});

/**
 * Reads and checks a guard file.
 * @throws {config-invalid} when it is missing, unreadable, unsafe or malformed; the message names the field
 */
export async function readGuardFile(path: string): Promise<GuardFile> {
  const content = await readTrustedFile(path);
  if (content === null) throw invalid(path, 'it does not exist');
  let json: unknown;
  try {
    json = JSON.parse(content.toString('utf8'));
  } catch {
    throw invalid(path, 'it is not JSON');
  }
  const parsed = GuardFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw invalid(path, `${where === '' ? '' : `"${where}": `}${issue?.message ?? 'malformed'}`);
}

function invalid(path: string, problem: string): AppError {
  return new AppError('config-invalid', { publicMessage: `The guard file ${path} is not valid: ${problem}` });
}
