// Schemas of the API for users, as those see them who manage them.
import { z } from 'zod';
import { GroupMention } from './api-keys.ts';
import { CursorSchema, NameSchema, PageQuery, ReferenceSchema, TimeMs, UserIdSchema } from './ids.ts';
import { LINK_PURPOSE_NAMES } from './sessions.ts';

export const UserView = z
  .strictObject({
    id: UserIdSchema,
    name: z.string().describe('What the user signs in with.'),
    displayName: z.string(),
    state: z
      .enum(['active', 'invited', 'disabled'])
      .describe('`invited`: has no way to sign in yet but a one-time link.'),
    hasPassword: z.boolean(),
    singleSignOn: z.boolean().describe('Whether the user is known at the single sign-on provider.'),
    secondFactor: z.boolean(),
    createdAtMs: TimeMs,
    lastSignInAtMs: TimeMs.nullable(),
  })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof UserView>;

export const UserDetail = UserView.extend({
  groups: z.array(GroupMention),
  sessionCount: z.number().int().min(0),
  pendingLink: z
    .strictObject({ purpose: z.enum(LINK_PURPOSE_NAMES), expiresAtMs: TimeMs })
    .nullable()
    .describe('A one-time link that was not redeemed yet.'),
}).meta({ id: 'UserDetail' });
export type UserDetail = z.infer<typeof UserDetail>;

export const ListUsersQuery = PageQuery.extend({
  search: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('Anywhere in name or display name, whatever the case.'),
});

export const UserPage = z
  .strictObject({ users: z.array(UserView).describe('By name.'), nextCursor: CursorSchema.nullable() })
  .meta({ id: 'UserPage' });
export type UserPage = z.infer<typeof UserPage>;

export const InviteUser = z
  .strictObject({
    name: NameSchema.describe('What the user will sign in with: no blanks.'),
    displayName: NameSchema.optional().describe('The name unless given.'),
    groups: z.array(ReferenceSchema).max(64).default([]).describe('Groups to be in, by name or id.'),
  })
  .meta({ id: 'InviteUser' });
export type InviteUser = z.infer<typeof InviteUser>;

/** A user with a link that lets them in. */
export const CreatedLink = z
  .strictObject({
    user: UserView,
    link: z
      .string()
      .meta({ 'x-redact': true })
      .describe('To be handed to the user, and to nobody else. Shown this once.'),
    expiresAtMs: TimeMs,
  })
  .meta({ id: 'CreatedLink' });
export type CreatedLink = z.infer<typeof CreatedLink>;

export const EditUser = z
  .strictObject({
    name: NameSchema.optional(),
    displayName: NameSchema.optional(),
    disabled: z.boolean().optional().describe('true: ends all sessions, and keys of the user do not work.'),
  })
  .meta({ id: 'EditUser' });
export type EditUser = z.infer<typeof EditUser>;
