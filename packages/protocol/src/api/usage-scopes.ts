// Schemas of the API for usage scopes: of secrets, and the answer to "who and what could use this?".
import { z } from 'zod';
import { ENVIRONMENT_TYPES } from '@sallyport/core';
import {
  ApplicationIdSchema,
  EnvironmentIdSchema,
  GroupIdSchema,
  ReferenceSchema,
  SecretReferenceSchema,
} from './ids.ts';
import { RegionInput, RegionView } from './regions.ts';

export const UsageScopeInput = z
  .discriminatedUnion('type', [
    z
      .strictObject({ type: z.literal('inherit') })
      .describe('Wherever the secrets manager may be used, whatever that is at the time.'),
    z
      .strictObject({ type: z.literal('account') })
      .describe('In no application; for the account as a whole, such as scripts on delegates.'),
    z.strictObject({ type: z.literal('rows'), rows: RegionInput }),
  ])
  .meta({ id: 'UsageScopeInput' });
export type UsageScopeInput = z.infer<typeof UsageScopeInput>;

export const UsageScopeView = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('inherit') }),
    z.strictObject({ type: z.literal('account') }),
    z.strictObject({ type: z.literal('rows'), rows: RegionView }),
  ])
  .meta({ id: 'UsageScope' });
export type UsageScopeView = z.infer<typeof UsageScopeView>;

/** A place as answers show it. */
export const PlaceView = z
  .strictObject({
    application: z.strictObject({ id: ApplicationIdSchema, name: z.string() }),
    environment: z.strictObject({
      id: EnvironmentIdSchema,
      name: z.string(),
      type: z.enum(ENVIRONMENT_TYPES),
    }),
  })
  .meta({ id: 'Place' });
export type PlaceView = z.infer<typeof PlaceView>;

/** `POST /v1/scopes/explain`: of a secret that exists, or of a scope that is about to be saved. */
export const ExplainScope = z
  .strictObject({
    secret: SecretReferenceSchema.nullable().default(null),
    scope: UsageScopeInput.nullable().default(null).describe('Instead of the one that the secret has.'),
    secretsManager: ReferenceSchema.nullable()
      .default(null)
      .describe("null: the secret's own, or the default one."),
    managerScope: RegionInput.nullable()
      .default(null)
      .describe(
        'In place of the three above: the usage scope of a secrets manager that is about to be saved, as secrets that inherit it would have it.',
      ),
  })
  .meta({ id: 'ExplainScope' });
export type ExplainScope = z.infer<typeof ExplainScope>;

export const ScopeExplanation = z
  .strictObject({
    scope: UsageScopeView,
    effective: UsageScopeView.describe('What it comes to under the scope of its secrets manager.'),
    secretsManager: z
      .string()
      .nullable()
      .describe('Name of the secrets manager that was assumed; null: the caller may not know of it.'),
    places: z.array(PlaceView).max(200).describe('Where it can be used now, of what the caller may see.'),
    placeCount: z.number().int().min(0),
    coversFuture: z
      .boolean()
      .describe('Applications or environments that are created later may be covered too.'),
    groups: z
      .array(
        z.strictObject({
          id: GroupIdSchema,
          name: z.string(),
          users: z.number().int().min(0),
          apiKeys: z.number().int().min(0),
          placeCount: z.number().int().min(0),
        }),
      )
      .nullable()
      .describe('User groups that may use it somewhere; null: the caller may not see groups.'),
    warnings: z.array(z.string()).describe('What is surprising about it, one sentence each.'),
  })
  .meta({ id: 'ScopeExplanation' });
export type ScopeExplanation = z.infer<typeof ScopeExplanation>;
