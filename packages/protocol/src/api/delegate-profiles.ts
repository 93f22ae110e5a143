// Schemas of the API for start-up profiles: scripts that delegates run once, when they first connect. The server keeps a script as it was
// written, with references to secrets; their values are filled in at the delegate.
import { z } from 'zod';
import {
  DelegateIdSchema,
  DelegateProfileIdSchema,
  NameSchema,
  ProfileRunIdSchema,
  SecretIdSchema,
  SecretReferenceSchema,
  TimeMs,
} from './ids.ts';
import { SCRIPT_MAX_BYTES, SCRIPT_MAX_SECONDS, SCRIPT_MAX_SECRETS } from './limits.ts';
import { ScriptEnd } from './scripts.ts';

/** So many runs are shown of each profile of a list. */
export const LAST_RUNS_MAX = 20;

const Script = z
  .string()
  .min(1)
  .max(SCRIPT_MAX_BYTES)
  .describe('For bash, with references such as ${secrets.getValue("name")}. It is kept in clear.');
const Selectors = z
  .array(z.string().min(1).max(160))
  .max(32)
  .describe('Delegates that have all of them run it; none: all delegates.');
const MaxSeconds = z
  .number()
  .int()
  .min(1)
  .max(SCRIPT_MAX_SECONDS)
  .nullable()
  .describe('It is ended after this time. null: 600, or as long as the delegate allows where that is less.');

/** `POST /v1/delegate-profiles`. */
export const CreateDelegateProfile = z
  .strictObject({
    name: NameSchema,
    script: Script,
    selectors: Selectors.default([]),
    maxSeconds: MaxSeconds.default(null),
  })
  .meta({ id: 'CreateDelegateProfile' });
export type CreateDelegateProfile = z.infer<typeof CreateDelegateProfile>;

/** `PATCH /v1/delegate-profiles/{profile}`. What is left out stays. */
export const EditDelegateProfile = z
  .strictObject({
    name: NameSchema.optional(),
    script: Script.optional(),
    selectors: Selectors.optional(),
    maxSeconds: MaxSeconds.optional(),
    runAgain: z
      .boolean()
      .default(false)
      .describe(
        'Make a new revision even if script and time limit stay, so that all delegates run it again.',
      ),
    expectedRevision: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Refused as `edit-conflict` at another one.'),
  })
  .meta({ id: 'EditDelegateProfile' });
export type EditDelegateProfile = z.infer<typeof EditDelegateProfile>;

export const DelegateProfileSummary = z
  .strictObject({
    id: DelegateProfileIdSchema,
    name: z.string(),
    sha256: z.string().describe('Of the script as it was written, in hex.'),
    secrets: z.array(z.string()).describe('References to secrets in the script, each once.'),
    selectors: z.array(z.string()),
    maxSeconds: z.number().int().nullable(),
    revision: z.number().int().min(1).describe('Counts changes of the script and of the time limit.'),
    savedBy: z.string().describe('Name of who saved the script last.'),
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs,
  })
  .meta({ id: 'DelegateProfileSummary' });
export type DelegateProfileSummary = z.infer<typeof DelegateProfileSummary>;

export const DelegateProfile = DelegateProfileSummary.extend({ script: z.string() }).meta({
  id: 'DelegateProfile',
});
export type DelegateProfile = z.infer<typeof DelegateProfile>;

export const ProfileRunsQuery = z.strictObject({
  delegate: z.string().min(1).max(300).optional().describe('Only runs of the delegate of this name or id.'),
  limit: z.coerce.number().int().min(1).max(500).optional().describe('Default 100, the newest.'),
});

/** One revision of a profile on one delegate: no delegate runs a revision twice. */
export const ProfileRun = z
  .strictObject({
    id: ProfileRunIdSchema,
    delegateId: DelegateIdSchema,
    delegateName: z.string(),
    revision: z.number().int().min(1),
    sha256: z.string(),
    state: z
      .enum(['running', 'ended', 'interrupted', 'refused'])
      .describe(
        '`interrupted`: it had begun, and how far it came is not known; it is not repeated. `refused`: it has not begun; it is tried again.',
      ),
    startedAtMs: TimeMs.describe('Or when it was refused.'),
    endedAtMs: TimeMs.nullable(),
    end: ScriptEnd.nullable().describe('null unless it has ended.'),
    error: z
      .strictObject({ code: z.string(), message: z.string() })
      .nullable()
      .describe('Why it was refused or interrupted.'),
    unmasked: z
      .array(z.string())
      .describe('References whose values cannot be masked in the output, e.g. because they are too short.'),
  })
  .meta({ id: 'ProfileRun' });
export type ProfileRun = z.infer<typeof ProfileRun>;

/** A profile with how it stands on its delegates. */
export const DelegateProfileListing = DelegateProfileSummary.extend({
  lastRuns: z
    .array(ProfileRun)
    .max(LAST_RUNS_MAX)
    .describe(
      'The newest revision on each delegate, the newest first; of more delegates, those of the newest.',
    ),
  delegatesRun: z.number().int().min(0).describe('On so many delegates it has run, or was refused.'),
}).meta({ id: 'DelegateProfileListing' });
export type DelegateProfileListing = z.infer<typeof DelegateProfileListing>;

export const DelegateProfileList = z
  .strictObject({ profiles: z.array(DelegateProfileListing) })
  .meta({ id: 'DelegateProfileList' });

export const ProfileRunList = z.strictObject({ runs: z.array(ProfileRun) }).meta({ id: 'ProfileRunList' });

export const ProfileRunDetail = ProfileRun.extend({
  output: z.string().describe('Of both streams, masked, the last 64 KiB; base64.'),
}).meta({ id: 'ProfileRunDetail' });
export type ProfileRunDetail = z.infer<typeof ProfileRunDetail>;

/** `POST /v1/delegate-profiles/check-secrets`: references in a script that is being written; the script itself stays with who writes it. */
export const CheckProfileSecrets = z
  .strictObject({ references: z.array(SecretReferenceSchema).max(SCRIPT_MAX_SECRETS) })
  .meta({ id: 'CheckProfileSecrets' });

export const ProfileSecretCheck = z
  .strictObject({
    reference: z.string(),
    secret: z.strictObject({ id: SecretIdSchema, name: z.string() }).nullable(),
    problem: z
      .strictObject({ code: z.string(), message: z.string() })
      .nullable()
      .describe('Why the caller cannot save a profile with it; null: they can.'),
  })
  .meta({ id: 'ProfileSecretCheck' });
export type ProfileSecretCheck = z.infer<typeof ProfileSecretCheck>;

export const ProfileSecretChecks = z
  .strictObject({ secrets: z.array(ProfileSecretCheck).describe('In the order of the references.') })
  .meta({ id: 'ProfileSecretChecks' });
