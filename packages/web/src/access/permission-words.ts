// Account permissions and application actions in words, as docs/guide/access.md explains them.
import type { AccountPermission, ApplicationAction } from '@sallyport/core';

type Words = { label: string; meaning: string };

export const PERMISSION_WORDS: Readonly<Record<AccountPermission, Words>> = {
  'manage-secrets-managers': {
    label: 'Manage secrets managers',
    meaning:
      'See all secrets managers and test them; add, edit and delete those whose scope their grants cover.',
  },
  'manage-secrets': {
    label: 'Manage secrets',
    meaning:
      'Create, change and delete secrets whose scope their grants cover, and those of the account or without a scope.',
  },
  'manage-delegates': {
    label: 'Manage delegates',
    meaning: 'Approve and remove delegates, make and revoke delegate tokens.',
  },
  'manage-applications': {
    label: 'Manage applications',
    meaning: 'See, create, rename and delete all applications, environments and services.',
  },
  'manage-users-and-groups': {
    label: 'Manage users and groups',
    meaning: 'Invite, edit, disable and remove users; create, edit and delete groups; put users into them.',
  },
  'manage-api-keys': {
    label: 'Manage API keys',
    meaning: 'Make API keys of groups; see and revoke all API keys.',
  },
  'view-audit-trail': {
    label: 'View the audit trail',
    meaning: 'Read, export and verify the audit trail.',
  },
  'force-delete-secrets': {
    label: 'Force-delete secrets',
    meaning: 'Delete a secret although services refer to it.',
  },
  'run-scripts': {
    label: 'Run scripts',
    meaning: 'Run scripts on delegates whose guard file allows it, with secrets that they may use.',
  },
  administer: {
    label: 'Administer',
    meaning: 'Set up single sign-on and workloads; give rights that they do not have themselves.',
  },
};

export const ACTION_WORDS: Readonly<Record<ApplicationAction, Words>> = {
  read: { label: 'Read', meaning: 'Know which secrets there are, without their values.' },
  use: { label: 'Use', meaning: 'Have the values of secrets that may be used there.' },
  update: {
    label: 'Update',
    meaning:
      'Change secrets of that scope, together with “Manage secrets”; rename environments, services and what they refer to.',
  },
  create: { label: 'Create', meaning: 'Add environments and services.' },
  delete: { label: 'Delete', meaning: 'Delete environments and services.' },
};

/** In the order in which people think of them. */
export const ACTIONS: readonly ApplicationAction[] = ['read', 'use', 'update', 'create', 'delete'];
export const PERMISSIONS = Object.keys(PERMISSION_WORDS) as AccountPermission[];

/** Actions in one line, e.g. `Read, use`, or `All actions`. */
export function sayActions(actions: readonly ApplicationAction[]): string {
  if (ACTIONS.every((action) => actions.includes(action))) return 'All actions';
  const words = ACTIONS.filter((action) => actions.includes(action)).map(
    (action) => ACTION_WORDS[action].label,
  );
  return words.map((word, index) => (index === 0 ? word : word.toLowerCase())).join(', ');
}
