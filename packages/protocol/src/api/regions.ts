// Schemas of the API for places: rows of applications and environments, as usage scopes and grants have them, and grants themselves. In
// requests things are named or given by id; in answers they have both.
import { z } from 'zod';
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS, ENVIRONMENT_TYPES } from '@sallyport/core';
import { ApplicationIdSchema, EnvironmentIdSchema, ReferenceSchema } from './ids.ts';

const EnvironmentReferenceSchema = z
  .string()
  .min(1)
  .max(300)
  .describe('An id, `application/environment`, or a bare name where the row has exactly one application.');

export const RegionRowInput = z
  .strictObject({
    applications: z
      .union([z.literal('all'), z.array(ReferenceSchema)])
      .describe('`all`, also those that are created later, or a list of ids or names.'),
    environments: z
      .union([z.literal('all'), z.enum(ENVIRONMENT_TYPES), z.array(EnvironmentReferenceSchema)])
      .describe('`all`, all of one type, or a list; a list only where applications are listed.'),
  })
  .meta({ id: 'RegionRowInput' });
export type RegionRowInput = z.infer<typeof RegionRowInput>;

export const RegionInput = z
  .array(RegionRowInput)
  .describe('At most 64 rows of at most 256 applications and environments each. Empty: nowhere.');
export type RegionInput = z.infer<typeof RegionInput>;

export const ApplicationMention = z
  .strictObject({
    id: ApplicationIdSchema,
    name: z.string().nullable().describe('null: the caller may not know it.'),
    deleted: z.boolean(),
  })
  .meta({ id: 'ApplicationMention' });
export type ApplicationMention = z.infer<typeof ApplicationMention>;

export const EnvironmentMention = z
  .strictObject({
    id: EnvironmentIdSchema,
    name: z.string().nullable().describe('null: the caller may not know it.'),
    applicationName: z.string().nullable(),
    deleted: z.boolean(),
  })
  .meta({ id: 'EnvironmentMention' });
export type EnvironmentMention = z.infer<typeof EnvironmentMention>;

export const RegionRowView = z
  .strictObject({
    applications: z.union([z.literal('all'), z.array(ApplicationMention)]),
    environments: z.union([z.literal('all'), z.enum(ENVIRONMENT_TYPES), z.array(EnvironmentMention)]),
  })
  .meta({ id: 'RegionRow' });
export type RegionRowView = z.infer<typeof RegionRowView>;

export const RegionView = z.array(RegionRowView).describe('The union of its rows. Empty: nowhere.');
export type RegionView = z.infer<typeof RegionView>;

export const AccountPermissionSchema = z.enum(ACCOUNT_PERMISSIONS).meta({ id: 'AccountPermission' });
export const ApplicationActionSchema = z.enum(APPLICATION_ACTIONS).meta({ id: 'ApplicationAction' });

export const GrantInput = z
  .strictObject({ where: RegionInput, actions: z.array(ApplicationActionSchema).min(1) })
  .meta({ id: 'GrantInput' });
export type GrantInput = z.infer<typeof GrantInput>;

export const GrantView = z
  .strictObject({ where: RegionView, actions: z.array(ApplicationActionSchema) })
  .meta({ id: 'Grant' });
export type GrantView = z.infer<typeof GrantView>;
