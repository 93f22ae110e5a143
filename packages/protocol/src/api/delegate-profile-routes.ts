// Operations of the HTTP API on start-up profiles of delegates and on what came of them.
import {
  CheckProfileSecrets,
  CreateDelegateProfile,
  DelegateProfile,
  DelegateProfileList,
  EditDelegateProfile,
  ProfileRunDetail,
  ProfileRunList,
  ProfileRunsQuery,
  ProfileSecretChecks,
} from './delegate-profiles.ts';
import { route } from './route.ts';
import type { Route } from './route.ts';

const SCRIPT_ERRORS = [
  'invalid-selector',
  'invalid-name',
  'name-taken',
  'ambiguous-name',
  'not-found',
] as const;

export const DELEGATE_PROFILE_ROUTES = {
  listDelegateProfiles: route({
    method: 'GET',
    path: '/v1/delegate-profiles',
    tag: 'delegates',
    access: 'manage-delegates',
    summary: 'All start-up profiles, without their scripts, with how each stands on its delegates.',
    response: DelegateProfileList,
    errors: [],
  }),
  createDelegateProfile: route({
    method: 'POST',
    path: '/v1/delegate-profiles',
    tag: 'delegates',
    access: 'manage-delegates',
    summary:
      'Create a start-up profile: delegates with its selectors run it once. Needs `run-scripts` too, and the right to use its secrets, which have to be usable everywhere.',
    body: CreateDelegateProfile,
    response: DelegateProfile,
    status: 201,
    errors: [...SCRIPT_ERRORS, 'scope-too-wide', 'value-too-large'],
  }),
  checkProfileSecrets: route({
    method: 'POST',
    path: '/v1/delegate-profiles/check-secrets',
    tag: 'delegates',
    access: 'manage-delegates',
    summary:
      'Which secrets the caller could name in a start-up profile, and what is in the way of the others.',
    body: CheckProfileSecrets,
    response: ProfileSecretChecks,
    errors: [],
  }),
  getDelegateProfile: route({
    method: 'GET',
    path: '/v1/delegate-profiles/{profile}',
    tag: 'delegates',
    access: 'manage-delegates',
    summary: 'One start-up profile with its script.',
    response: DelegateProfile,
    errors: ['not-found'],
  }),
  editDelegateProfile: route({
    method: 'PATCH',
    path: '/v1/delegate-profiles/{profile}',
    tag: 'delegates',
    access: 'manage-delegates',
    summary:
      'Change a start-up profile; delegates run it again when script or time limit change. Needs what creating it needs.',
    body: EditDelegateProfile,
    response: DelegateProfile,
    errors: [...SCRIPT_ERRORS, 'scope-too-wide', 'value-too-large', 'edit-conflict'],
  }),
  deleteDelegateProfile: route({
    method: 'DELETE',
    path: '/v1/delegate-profiles/{profile}',
    tag: 'delegates',
    access: 'manage-delegates',
    summary: 'Delete a start-up profile and what is kept of its runs. Runs under way are ended.',
    response: null,
    status: 204,
    errors: ['not-found'],
  }),
  listProfileRuns: route({
    method: 'GET',
    path: '/v1/delegate-profiles/{profile}/runs',
    tag: 'delegates',
    access: 'manage-delegates',
    summary: 'What came of a start-up profile on each delegate, newest first.',
    query: ProfileRunsQuery,
    response: ProfileRunList,
    errors: ['not-found'],
  }),
  getProfileRun: route({
    method: 'GET',
    path: '/v1/delegate-profiles/{profile}/runs/{run}',
    tag: 'delegates',
    access: 'manage-delegates',
    summary: 'One run with the end of its output.',
    response: ProfileRunDetail,
    errors: ['not-found'],
  }),
} as const satisfies Record<string, Route>;
