// Flags for rights: what a user group allows, and what an API key is restricted to.
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import type { AccountPermission } from '@sallyport/core';
import type { GrantInput } from '@sallyport/protocol';
import type { FlagSpec } from '../command-line/command.ts';
import type { FlagValues } from '../command-line/flag-values.ts';
import { GRANT_SYNTAX, parseGrants, REGION_DETAILS } from '../input/parse-region.ts';

export const RIGHTS_FLAGS = {
  permission: {
    kind: 'text',
    value: 'PERMISSION',
    repeatable: true,
    choices: ACCOUNT_PERMISSIONS,
    summary: 'An account permission; may be repeated',
  },
  grant: {
    kind: 'text',
    value: 'GRANT',
    repeatable: true,
    summary: `${GRANT_SYNTAX}; may be repeated`,
  },
} as const satisfies Record<string, FlagSpec>;

/** Lines of help for commands with these flags. */
export const RIGHTS_DETAILS: readonly string[] = [
  `A grant is ACTIONS@PLACES. Actions are all, or some of create, read, update, delete and use with commas between; use is to have the values of secrets there.`,
  ...REGION_DETAILS,
];

/** The permissions given; the flag's choices were checked before. */
export function permissionsIn(flags: FlagValues): AccountPermission[] {
  return ACCOUNT_PERMISSIONS.filter((permission) => flags.list('permission').includes(permission));
}

/** @throws {invalid-request} */
export function grantsIn(flags: FlagValues): GrantInput[] {
  return parseGrants(flags.list('grant'), 'grant');
}
