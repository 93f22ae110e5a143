// Reads through a delegate's local endpoint: what the delegate asks of the server, what the server signs, and how the delegate reports
// later what it served by itself. Decided in docs/adr/0018-local-endpoint.md.
import { z } from 'zod';
import { SECRET_KINDS } from '@sallyport/core';
import { AccountIdSchema } from '../api/audit.ts';
import { AvailabilitySchema } from '../api/availability.ts';
import {
  base64Url,
  RequestIdSchema,
  SecretIdSchema,
  SecretReferenceSchema,
  SecretsManagerIdSchema,
  TimeMs,
} from '../api/ids.ts';
import { RESOLVE_MAX_ITEMS } from '../api/limits.ts';
import { WireError } from '../errors/wire-error.ts';
import { TaskPlace } from './tasks.ts';

/** What the server signs: this caller may have this version of this secret by this reference, from this delegate, until then. */
export const LocalGrant = z.strictObject({
  format: z.literal(1),
  accountId: AccountIdSchema,
  delegate: z.string().describe('Fingerprint of the one delegate that may use the grant.'),
  callerHash: base64Url(32).describe(
    'SHA-256 of the label `sallyport local caller v1`, a zero byte and the API key.',
  ),
  principal: z.strictObject({ kind: z.string(), id: z.string(), name: z.string() }),
  reference: SecretReferenceSchema.describe('As it was asked for.'),
  secretId: SecretIdSchema,
  name: z.string(),
  kind: z.enum(SECRET_KINDS),
  version: z.number().int().min(1),
  secretsManagerId: SecretsManagerIdSchema,
  place: TaskPlace.nullable(),
  availability: AvailabilitySchema,
  envelopeHash: base64Url(32).describe('SHA-256 of the envelope.'),
  issuedAtMs: TimeMs,
  expiresAtMs: TimeMs.describe(
    '`issuedAtMs` plus the age that the availability allows; for `fresh`, `issuedAtMs` itself.',
  ),
});
export type LocalGrant = z.infer<typeof LocalGrant>;

/** A grant as it travels: the exact text that was signed. */
export const SignedLocalGrant = z.strictObject({
  text: z.string().min(2).max(8192).describe('JSON of a `LocalGrant`.'),
  signature: base64Url(64).describe(
    'Ed25519 over the label `sallyport local grant v1`, a zero byte and the text.',
  ),
});
export type SignedLocalGrant = z.infer<typeof SignedLocalGrant>;

/** From the delegate: a program beside it asks for values. */
export const LocalRead = z.strictObject({
  type: z.literal('local-read'),
  readId: RequestIdSchema,
  callerToken: z
    .string()
    .min(1)
    .max(512)
    .meta({ 'x-redact': true })
    .describe('The API key that the program showed.'),
  purpose: z.string().max(200).nullable(),
  renewal: z
    .boolean()
    .describe(
      'True: no program waits for it. The delegate renews what it has, and reports the uses that follow by `local-uses`; so this is no use of the secret.',
    ),
  items: z.array(SecretReferenceSchema).min(1).max(RESOLVE_MAX_ITEMS),
});
export type LocalRead = z.infer<typeof LocalRead>;

export const LocalReadItem = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('granted'),
    reference: SecretReferenceSchema,
    grant: SignedLocalGrant,
    envelope: z.string().max(2_000_000).describe('Base64.'),
  }),
  z.strictObject({ outcome: z.literal('refused'), reference: SecretReferenceSchema, error: WireError }),
]);
export type LocalReadItem = z.infer<typeof LocalReadItem>;

/** From the server: its answer. The release is in the audit trail before this is sent. */
export const LocalReadAnswer = z.strictObject({
  type: z.literal('local-read-answer'),
  readId: RequestIdSchema,
  outcome: z.union([
    z.strictObject({ items: z.array(LocalReadItem).max(RESOLVE_MAX_ITEMS) }),
    z.strictObject({ error: WireError.describe('The read as a whole, e.g. an API key that is not valid.') }),
  ]),
});
export type LocalReadAnswer = z.infer<typeof LocalReadAnswer>;

/** Reads of one secret by one caller that a delegate served, or refused, without asking the server. */
export const LocalUse = z.strictObject({
  grant: SignedLocalGrant.describe('What it was served on; it proves caller, secret and place.'),
  from: z.enum(['memory', 'disk']),
  outcome: z.union([z.literal('released'), z.strictObject({ refusedWith: z.string().max(64) })]),
  purpose: z.string().max(200).nullable(),
  firstAtMs: TimeMs,
  lastAtMs: TimeMs,
  count: z.number().int().min(1).max(1_000_000_000),
});
export type LocalUse = z.infer<typeof LocalUse>;

/** From the delegate: uses to be recorded. Repeated until the server has seen it; the server records each number of a journal once. */
export const LocalUses = z.strictObject({
  type: z.literal('local-uses'),
  journal: base64Url(16).describe('Chosen at random when the delegate began the journal.'),
  sequence: z.number().int().min(1).describe('Counts up by one within the journal.'),
  uses: z.array(LocalUse).min(1).max(1000),
});
export type LocalUses = z.infer<typeof LocalUses>;

/** From the server: the uses up to this number are recorded. */
export const LocalUsesSeen = z.strictObject({
  type: z.literal('local-uses-seen'),
  journal: base64Url(16),
  sequence: z.number().int().min(1),
});

/** From the server: rights, scopes or secrets have changed; what was confirmed before is asked for again before it is next served. */
export const Recheck = z.strictObject({ type: z.literal('recheck') });
