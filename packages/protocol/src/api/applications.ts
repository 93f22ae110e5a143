// Schemas of the API for applications, their environments and services, and the config entries of services, which refer to secrets.
import { z } from 'zod';
import { ENVIRONMENT_TYPES } from '@sallyport/core';
import {
  ApplicationIdSchema,
  ConfigEntryIdSchema,
  CursorSchema,
  EnvironmentIdSchema,
  NameSchema,
  PageQuery,
  ReferenceSchema,
  SecretIdSchema,
  ServiceIdSchema,
  TimeMs,
} from './ids.ts';

const EnvironmentTypeSchema = z.enum(ENVIRONMENT_TYPES).describe('What it is for. It never changes.');

export const EnvironmentView = z
  .strictObject({
    id: EnvironmentIdSchema,
    applicationId: ApplicationIdSchema,
    name: z.string(),
    type: EnvironmentTypeSchema,
    createdAtMs: TimeMs,
  })
  .meta({ id: 'Environment' });
export type EnvironmentView = z.infer<typeof EnvironmentView>;

export const ServiceView = z
  .strictObject({
    id: ServiceIdSchema,
    applicationId: ApplicationIdSchema,
    name: z.string(),
    createdAtMs: TimeMs,
  })
  .meta({ id: 'Service' });
export type ServiceView = z.infer<typeof ServiceView>;

export const ApplicationView = z
  .strictObject({
    id: ApplicationIdSchema,
    name: z.string(),
    createdAtMs: TimeMs,
    environments: z.array(EnvironmentView).describe('Those that the caller may see, by name.'),
    services: z.array(ServiceView).describe('By name.'),
  })
  .meta({ id: 'Application' });
export type ApplicationView = z.infer<typeof ApplicationView>;

export const ListApplicationsQuery = PageQuery.extend({
  search: z.string().max(128).optional().describe('Part of the name; letter case does not matter.'),
});
export const ApplicationPage = z
  .strictObject({ applications: z.array(ApplicationView), nextCursor: CursorSchema.nullable() })
  .meta({ id: 'ApplicationPage' });
export type ApplicationPage = z.infer<typeof ApplicationPage>;

export const CreateEnvironment = z
  .strictObject({ name: NameSchema, type: EnvironmentTypeSchema })
  .meta({ id: 'CreateEnvironment' });
export type CreateEnvironment = z.infer<typeof CreateEnvironment>;

export const CreateApplication = z
  .strictObject({
    name: NameSchema,
    environments: z.array(CreateEnvironment).max(100).default([]).describe('Its first environments.'),
  })
  .meta({ id: 'CreateApplication' });
export type CreateApplication = z.infer<typeof CreateApplication>;

export const CreateService = z.strictObject({ name: NameSchema }).meta({ id: 'CreateService' });
export type CreateService = z.infer<typeof CreateService>;

/** A new name for an application, an environment or a service. */
export const RenamePart = z.strictObject({ name: NameSchema }).meta({ id: 'RenamePart' });
export type RenamePart = z.infer<typeof RenamePart>;

export const DELETION_CONSEQUENCES = [
  'environment',
  'service',
  'config-entry',
  'secrets-manager',
  'secret',
  'group',
  'user',
  'api-key',
  'workload-issuer',
] as const;

/** What a deletion would take away, or leave without a place. */
export const DeletionEffect = z
  .strictObject({
    consequences: z
      .array(
        z.strictObject({
          kind: z.enum(DELETION_CONSEQUENCES),
          count: z.number().int().min(1),
          examples: z
            .array(z.string())
            .describe('Names, at most ten; of what the caller may not see there is none.'),
          sentence: z.string().describe('The same in words.'),
        }),
      )
      .describe('Empty: nothing else changes.'),
    digest: z.string().describe('Another one whenever something else would be affected.'),
  })
  .meta({ id: 'DeletionEffect' });
export type DeletionEffect = z.infer<typeof DeletionEffect>;

export const DeletionPreview = z
  .strictObject({
    effect: DeletionEffect,
    confirmationToken: z.string().describe('Confirms exactly this effect.'),
  })
  .meta({ id: 'DeletionPreview' });
export type DeletionPreview = z.infer<typeof DeletionPreview>;

export const ConfirmedQuery = z.strictObject({
  confirm: z
    .string()
    .max(128)
    .optional()
    .describe(
      'The confirmation token of the preview. Without it, or when the effect is another by now, ' +
        'nothing is changed and the answer carries the effect and its token.',
    ),
});

export const CONFIG_ENTRY_KINDS = ['variable', 'file'] as const;
/** What a config entry becomes for the service: a variable of its environment, or a file. */
export type ConfigEntryKind = (typeof CONFIG_ENTRY_KINDS)[number];

export const ConfigEntryView = z
  .strictObject({
    id: ConfigEntryIdSchema,
    serviceId: ServiceIdSchema,
    kind: z.enum(CONFIG_ENTRY_KINDS),
    name: z.string(),
    environment: z
      .strictObject({ id: EnvironmentIdSchema, name: z.string() })
      .nullable()
      .describe('null: all environments that have no entry of their own.'),
    secret: z.strictObject({
      id: SecretIdSchema,
      name: z.string().nullable().describe('null: the caller may not see it.'),
    }),
    unusableIn: z
      .array(z.string())
      .describe(
        'Environments in which the entry counts but the secret may not be used; empty where the caller may not see the secret.',
      ),
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs,
  })
  .meta({ id: 'ConfigEntry' });
export type ConfigEntryView = z.infer<typeof ConfigEntryView>;

export const ConfigEntryList = z
  .strictObject({ entries: z.array(ConfigEntryView) })
  .meta({ id: 'ConfigEntryList' });
export type ConfigEntryList = z.infer<typeof ConfigEntryList>;

export const PutConfigEntry = z
  .strictObject({
    kind: z.enum(CONFIG_ENTRY_KINDS),
    name: z
      .string()
      .min(1)
      .max(512)
      .describe('Of a variable: letters, digits and "_". Of a file: a relative path.'),
    environment: ReferenceSchema.nullable()
      .default(null)
      .describe('null: all environments of the application.'),
    secret: ReferenceSchema.describe('Name or id, without a version; the entry keeps the id.'),
  })
  .meta({ id: 'PutConfigEntry' });
export type PutConfigEntry = z.infer<typeof PutConfigEntry>;
