// What stands inside the seal, readable by client and delegate only. The request repeats what is asked for, so that a server
// that changes the request around it is found out by the delegate; the answer repeats what was done, for the client to compare.
import { z } from 'zod';
import { SECRET_KINDS } from '@sallyport/core';
import { ReferenceSchema, SecretIdSchema, SecretReferenceSchema, SecretsManagerIdSchema } from './ids.ts';
import { RESOLVE_MAX_ITEMS } from './limits.ts';
import { WireError } from '../errors/wire-error.ts';

/** The operations that are sealed; part of what each seal authenticates. */
export const SEALED_OPERATIONS = ['write', 'upload', 'resolve', 'download', 'run-script'] as const;
export type SealedOperation = (typeof SEALED_OPERATIONS)[number];

/** Header inside a sealed `write` (one value follows) or in the first chunk of an `upload` (the value follows in chunks). */
export const SealedWriteContent = z.strictObject({
  secret: SecretReferenceSchema,
  kind: z.enum(SECRET_KINDS),
  secretsManager: ReferenceSchema.nullable(),
  valueBytes: z.number().int().min(0).nullable().describe('null: not known beforehand (a stream).'),
});
export type SealedWriteContent = z.infer<typeof SealedWriteContent>;

/** Header of the sealed answer to `write` and `upload`. */
export const SealedWriteAnswer = z.strictObject({
  secretId: SecretIdSchema,
  name: z.string(),
  kind: z.enum(SECRET_KINDS),
  version: z.number().int().min(1),
  secretsManagerId: SecretsManagerIdSchema,
  valueBytes: z.number().int().min(1),
});
export type SealedWriteAnswer = z.infer<typeof SealedWriteAnswer>;

/** Header inside a sealed `resolve` or `download` (a download has exactly one item). */
export const SealedReadContent = z.strictObject({
  items: z.array(SecretReferenceSchema).min(1).max(RESOLVE_MAX_ITEMS),
});
export type SealedReadContent = z.infer<typeof SealedReadContent>;

/** One entry of a sealed answer to `resolve`; the values follow in the order of the entries that have one. */
export const SealedReadEntry = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('value'),
    reference: SecretReferenceSchema,
    secretId: SecretIdSchema,
    name: z.string(),
    version: z.number().int().min(1),
    kind: z.enum(SECRET_KINDS),
  }),
  z.strictObject({ outcome: z.literal('failed'), reference: SecretReferenceSchema, error: WireError }),
]);
export type SealedReadEntry = z.infer<typeof SealedReadEntry>;

/** Header of the sealed answer to `resolve`, and of the first chunk of a `download` (whose single value follows in chunks). */
export const SealedReadAnswer = z.strictObject({ entries: z.array(SealedReadEntry) });
export type SealedReadAnswer = z.infer<typeof SealedReadAnswer>;
