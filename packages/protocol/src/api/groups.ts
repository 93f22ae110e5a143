// Schemas of the API for user groups, their rights and their members.
import { z } from 'zod';
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import { GroupIdSchema, NameSchema, ReferenceSchema, TimeMs, UserIdSchema } from './ids.ts';
import { AccountPermissionSchema, GrantInput, GrantView } from './regions.ts';

const accountInput = z.array(z.enum(ACCOUNT_PERMISSIONS)).max(ACCOUNT_PERMISSIONS.length);
const grantsInput = z.array(GrantInput).describe('At most 64, with at most 1,024 ids in all.');

export const GroupView = z
  .strictObject({
    id: GroupIdSchema,
    name: z.string(),
    builtIn: z.boolean().describe('Built-in groups cannot be changed but for their members, nor deleted.'),
    account: z.array(AccountPermissionSchema).describe('Account permissions.'),
    grants: z.array(GrantView).describe('What members may do at which applications and environments.'),
    memberCount: z.number().int().min(0).nullable().describe('null: the caller does not manage groups.'),
    createdAtMs: TimeMs.describe('0 for built-in groups.'),
    updatedAtMs: TimeMs,
  })
  .meta({ id: 'Group' });
export type GroupView = z.infer<typeof GroupView>;

export const GroupList = z
  .strictObject({ groups: z.array(GroupView).describe('Built-in ones first, then by name.') })
  .meta({ id: 'GroupList' });
export type GroupList = z.infer<typeof GroupList>;

export const GroupMemberView = z
  .strictObject({
    userId: UserIdSchema,
    name: z.string(),
    displayName: z.string(),
    disabled: z.boolean(),
    sinceMs: TimeMs,
  })
  .meta({ id: 'GroupMember' });
export type GroupMemberView = z.infer<typeof GroupMemberView>;

export const GroupDetail = GroupView.extend({
  members: z
    .array(GroupMemberView)
    .nullable()
    .describe('Longest-standing first; null: the caller does not manage groups.'),
}).meta({ id: 'GroupDetail' });
export type GroupDetail = z.infer<typeof GroupDetail>;

export const CreateGroup = z
  .strictObject({ name: NameSchema, account: accountInput.default([]), grants: grantsInput.default([]) })
  .meta({ id: 'CreateGroup' });
export type CreateGroup = z.infer<typeof CreateGroup>;

export const EditGroup = z
  .strictObject({
    name: NameSchema.optional(),
    account: accountInput.optional().describe('All of them, in place of those before.'),
    grants: grantsInput.optional().describe('All of them, in place of those before.'),
    expectedUpdatedAtMs: TimeMs.optional().describe(
      'Refuse with `edit-conflict` when somebody else has changed the group since.',
    ),
  })
  .meta({ id: 'EditGroup' });
export type EditGroup = z.infer<typeof EditGroup>;

export const AddGroupMember = z
  .strictObject({ user: ReferenceSchema.describe('Id or name of the user.') })
  .meta({ id: 'AddGroupMember' });
export type AddGroupMember = z.infer<typeof AddGroupMember>;
