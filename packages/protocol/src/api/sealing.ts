// Schemas of what is sealed and of the offers that sealing starts from. The cryptography is in ../sealing.
import { z } from 'zod';
import {
  base64Url,
  DelegateIdSchema,
  ReferenceSchema,
  SecretIdSchema,
  SecretReferenceSchema,
  TimeMs,
} from './ids.ts';
import { WireError } from '../errors/wire-error.ts';
import { SECRET_KINDS } from '@sallyport/core';
import { RESOLVE_MAX_ITEMS, SEALED_BOX_MAX_BYTES } from './limits.ts';
import { UsageScopeInput } from './usage-scopes.ts';

export const SealingOfferSchema = z
  .strictObject({
    identityKey: base64Url(32).describe('Raw Ed25519 public key of the delegate.'),
    name: z.string().min(1).max(256).describe("The delegate's own name."),
    sealingKey: base64Url(32).describe('Raw X25519 public key to seal for.'),
    expiresAtMs: TimeMs,
    signature: base64Url(64).describe('Ed25519 signature by the identity key over the other fields.'),
  })
  .meta({ id: 'SealingOffer' });

export const DelegateOffer = z
  .strictObject({ delegateId: DelegateIdSchema, offer: SealingOfferSchema })
  .meta({ id: 'DelegateOffer' });
export type DelegateOffer = z.infer<typeof DelegateOffer>;

export const SealedRequestSchema = z
  .strictObject({
    session: base64Url(16),
    enc: base64Url(32)
      .nullable()
      .describe('Encapsulated key; null once the delegate has answered in this session.'),
    counter: z.number().int().min(0).max(1_000_000),
    box: base64Url(SEALED_BOX_MAX_BYTES),
  })
  .meta({ id: 'SealedRequest' });

export const SealedStreamHeader = SealedRequestSchema.omit({ box: true }).meta({ id: 'SealedStreamHeader' });

export const SealedBox = base64Url(SEALED_BOX_MAX_BYTES).describe(
  'A sealed answer; only the client can open it.',
);

/** `POST /v1/offers/write`: who could encrypt a value for this secret? */
export const WriteOffersRequest = z
  .strictObject({
    secret: SecretReferenceSchema,
    secretsManager: ReferenceSchema.nullable().describe(
      'null: the one the secret has, or the default for a new secret.',
    ),
    scope: UsageScopeInput.nullable().default(null).describe('Of a new secret, as in the write itself.'),
  })
  .meta({ id: 'WriteOffersRequest' });
export type WriteOffersRequest = z.infer<typeof WriteOffersRequest>;

export const WriteOffers = z
  .strictObject({ delegates: z.array(DelegateOffer).min(1) })
  .meta({ id: 'WriteOffers' });
export type WriteOffers = z.infer<typeof WriteOffers>;

/** `POST /v1/offers/read`: who could decrypt these secrets? Several groups when no delegate serves all of them. */
export const ReadOffersRequest = z
  .strictObject({
    items: z.array(SecretReferenceSchema).min(1).max(RESOLVE_MAX_ITEMS).optional(),
    place: z
      .strictObject({ application: ReferenceSchema, environment: ReferenceSchema })
      .optional()
      .describe(
        'In place of `items`: every secret that may be used there. Needs the actions `read` and `use` there.',
      ),
  })
  .refine(({ items, place }) => (items === undefined) !== (place === undefined), {
    error: 'give either `items` or `place`',
  })
  .meta({ id: 'ReadOffersRequest' });
export type ReadOffersRequest = z.infer<typeof ReadOffersRequest>;

export const UnresolvedItem = z
  .strictObject({ reference: SecretReferenceSchema, error: WireError })
  .meta({ id: 'UnresolvedItem' });
export type UnresolvedItem = z.infer<typeof UnresolvedItem>;

export const ReadOffers = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        items: z.array(
          z.strictObject({
            reference: SecretReferenceSchema,
            secretId: SecretIdSchema,
            version: z.number().int().min(1).describe('The one that would be read.'),
            kind: z.enum(SECRET_KINDS),
            valueBytes: z
              .number()
              .int()
              .min(1)
              .describe('Above 1 MiB the value is read by /v1/secrets/download.'),
          }),
        ),
        delegates: z.array(DelegateOffer).min(1),
      }),
    ),
    unresolved: z.array(UnresolvedItem),
  })
  .meta({ id: 'ReadOffers' });
export type ReadOffers = z.infer<typeof ReadOffers>;
