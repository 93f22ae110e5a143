// What stands inside the seal when a script runs on a delegate: the script on the way there, its output on the way back. Readable by
// client and delegate only.
import { z } from 'zod';
import { SecretIdSchema, SecretReferenceSchema } from './ids.ts';
import { SCRIPT_MAX_SECRETS } from './limits.ts';
import { ScriptEnd, ScriptFacts } from './scripts.ts';

export const SCRIPT_MAX_ARGUMENTS = 100;

/** Header inside a sealed `run-script`; one value follows, the script as it was written. */
export const SealedScript = z.strictObject({
  facts: ScriptFacts,
  place: z
    .strictObject({ application: z.string(), environment: z.string() })
    .nullable()
    .describe('What references in the script that name no place are for.'),
  interpreter: z
    .string()
    .min(1)
    .max(1024)
    .nullable()
    .describe('Path at the delegate; null: the first it allows.'),
  arguments: z.array(z.string().max(8192)).max(SCRIPT_MAX_ARGUMENTS),
});
export type SealedScript = z.infer<typeof SealedScript>;

export const SCRIPT_STREAMS = ['stdout', 'stderr'] as const;
/** Which of its outputs a script wrote to. */
export type ScriptStream = (typeof SCRIPT_STREAMS)[number];

/** Header of each chunk of the sealed answer. `output` has one value: the bytes, masked. */
export const SealedScriptEvent = z.discriminatedUnion('is', [
  z
    .strictObject({
      is: z.literal('ready'),
      secrets: z
        .array(
          z.strictObject({
            reference: SecretReferenceSchema,
            secretId: SecretIdSchema,
            name: z.string(),
            version: z.number().int().min(1),
          }),
        )
        .max(SCRIPT_MAX_SECRETS),
      unmasked: z
        .array(z.strictObject({ reference: SecretReferenceSchema, why: z.string().max(300) }))
        .max(SCRIPT_MAX_SECRETS)
        .describe('Those whose values cannot be masked in the output, e.g. because they are too short.'),
    })
    .describe('The first one: all values are open. The script starts when the server has recorded it.'),
  z.strictObject({ is: z.literal('output'), stream: z.enum(SCRIPT_STREAMS) }),
  z.strictObject({ is: z.literal('alive') }).describe('Sent when nothing else is to be said for a while.'),
  z.strictObject({ is: z.literal('ended'), end: ScriptEnd }).describe('The last one.'),
]);
export type SealedScriptEvent = z.infer<typeof SealedScriptEvent>;
