// Schemas of the API for scripts that run on a delegate. The script itself, its arguments and its output are sealed (sealed-script.ts); what
// stands here in clear is what the server needs to decide and to record.
import { z } from 'zod';
import { DelegateIdSchema, RequestIdSchema, SecretReferenceSchema } from './ids.ts';
import { SCRIPT_MAX_SECONDS, SCRIPT_MAX_SECRETS } from './limits.ts';
import { DelegateOffer, SealedRequestSchema } from './sealing.ts';

/** References in the script, each once. */
const ScriptItems = z.array(SecretReferenceSchema).max(SCRIPT_MAX_SECRETS);
const ScriptSelectors = z.array(z.string().max(160)).max(32);

/** `POST /v1/offers/script`: which delegates could run a script with these secrets? */
export const ScriptOffersRequest = z
  .strictObject({
    items: ScriptItems,
    selectors: ScriptSelectors.describe('The delegate has to have all of them; its name is one.'),
  })
  .meta({ id: 'ScriptOffersRequest' });
export type ScriptOffersRequest = z.infer<typeof ScriptOffersRequest>;

export const ScriptOffers = z
  .strictObject({ delegates: z.array(DelegateOffer).min(1) })
  .meta({ id: 'ScriptOffers' });
export type ScriptOffers = z.infer<typeof ScriptOffers>;

/** What the server is told of a script, and records; the delegate compares it with the script that was sealed. */
export const ScriptFacts = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .describe('For the audit trail, e.g. the name of its file; it is in clear.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex')
      .describe('Of the script as it was written, before values are filled in.'),
    selectors: ScriptSelectors,
    maxSeconds: z
      .number()
      .int()
      .min(1)
      .max(SCRIPT_MAX_SECONDS)
      .nullable()
      .describe(
        'It is ended after this time. null: 600, or as long as the delegate allows where that is less.',
      ),
  })
  .meta({ id: 'ScriptFacts' });
export type ScriptFacts = z.infer<typeof ScriptFacts>;

/** `POST /v1/scripts/run`. */
export const RunScript = z
  .strictObject({
    requestId: RequestIdSchema,
    delegateId: DelegateIdSchema,
    items: ScriptItems,
    script: ScriptFacts,
    sealed: SealedRequestSchema,
  })
  .meta({ id: 'RunScript' });
export type RunScript = z.infer<typeof RunScript>;

/** How a script ended. */
export const ScriptEnd = z
  .strictObject({
    reason: z
      .enum(['exited', 'time-limit', 'output-limit'])
      .describe('`exited`: by itself, or by a signal of somebody else; otherwise the delegate ended it.'),
    exitCode: z.number().int().min(0).max(255).nullable().describe('null: it ended by a signal.'),
    signal: z.string().max(32).nullable(),
    elapsedMs: z.number().int().min(0),
    outputBytes: z.number().int().min(0).describe('Of both streams together, masked.'),
  })
  .meta({ id: 'ScriptEnd' });
export type ScriptEnd = z.infer<typeof ScriptEnd>;
