// What the pages of access decide by themselves: drafts of rights, of workload issuers and of single sign-on, and words for them.
import { describe, expect, test } from 'vitest';
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS } from '@sallyport/core';
import type { SsoView, WorkloadIssuerView } from '@sallyport/protocol';
import { ACTIONS, PERMISSIONS, sayActions } from '../src/access/permission-words.ts';
import {
  areRightsComplete,
  judgeGrant,
  newGrant,
  NO_RIGHTS,
  rightsInputOf,
} from '../src/access/rights-draft.ts';
import { saySeconds } from '../src/access/say-seconds.ts';
import { judgeSso, mayKeepSecret, ssoDraftOf, ssoInputOf } from '../src/access/sso-draft.ts';
import {
  emptyWorkload,
  judgeWorkload,
  workloadDraftOf,
  workloadInputOf,
} from '../src/access/workload-draft.ts';

describe('words', () => {
  test('there are some for every permission and every action', () => {
    expect([...PERMISSIONS].sort()).toEqual([...ACCOUNT_PERMISSIONS].sort());
    expect([...ACTIONS].sort()).toEqual([...APPLICATION_ACTIONS].sort());
  });

  test('actions in one line', () => {
    expect(sayActions(['use', 'read'])).toBe('Read, use');
    expect(sayActions(APPLICATION_ACTIONS)).toBe('All actions');
  });

  test.each([
    [60, '1 minute'],
    [90, '90 seconds'],
    [900, '15 minutes'],
    [3600, '1 hour'],
  ])('%i seconds are %s', (seconds, words) => {
    expect(saySeconds(seconds)).toBe(words);
  });
});

describe('rights', () => {
  test('a new grant can be sent, one without actions or places cannot', () => {
    const grant = newGrant([]);
    expect(judgeGrant(grant)).toBeNull();
    expect(judgeGrant({ ...grant, actions: [] })).toBe('Choose at least one action.');
    expect(judgeGrant({ ...grant, where: [] })).toBe('Say where: add a row.');
    expect(areRightsComplete({ account: [], grants: [grant, { ...grant, actions: [] }] })).toBe(false);
    expect(areRightsComplete(NO_RIGHTS)).toBe(true);
    expect(rightsInputOf({ account: ['administer'], grants: [grant] })).toEqual({
      account: ['administer'],
      grants: [{ where: [{ applications: 'all', environments: 'all' }], actions: ['read'] }],
    });
  });
});

const GITHUB = {
  name: 'github',
  settings: {
    kind: 'oidc',
    issuer: 'https://token.actions.githubusercontent.com',
    audience: 'https://sallyport.example.com',
    rules: [{ claim: 'repository', pattern: 'acme/shop' }],
    jwks: { keys: [{ kty: 'OKP' }] },
  },
  groups: [{ id: 'grp_1', name: 'Deployers' }],
  restriction: null,
  ttlSeconds: 900,
} as unknown as WorkloadIssuerView;

describe('workload issuers', () => {
  test('what the server shows is sent back as it was', () => {
    const draft = workloadDraftOf(GITHUB);
    expect(judgeWorkload(draft)).toEqual({ isComplete: true });
    expect(workloadInputOf(draft)).toEqual({
      name: 'github',
      settings: GITHUB.settings,
      groups: ['grp_1'],
      restriction: null,
      ttlSeconds: 900,
    });
  });

  test('an empty form says what is missing, field by field', () => {
    const { isComplete, ...complaints } = judgeWorkload(emptyWorkload(''));
    expect(isComplete).toBe(false);
    expect(Object.keys(complaints).sort()).toEqual(['audience', 'groups', 'issuer', 'name', 'rules']);
  });

  test.each([
    ['a rule that lets everybody in', { rules: [{ key: 1, claim: 'repository', pattern: '**' }] }, 'rules'],
    ['half a rule', { rules: [{ key: 1, claim: 'repository', pattern: '' }] }, 'rules'],
    ['keys that are no key set', { jwks: '{"keys": []}' }, 'jwks'],
    ['keys that are no JSON', { jwks: 'keys' }, 'jwks'],
    ['too long a life', { minutes: 61 }, 'minutes'],
    [
      'a user in place of a role',
      { kind: 'aws', roleArns: ['arn:aws:iam::111122223333:user/x'] },
      'roleArns',
    ],
    ['no role', { kind: 'aws', roleArns: [] }, 'roleArns'],
  ] as const)('%s is not sent', (_, fields, field) => {
    const complaints = judgeWorkload({ ...workloadDraftOf(GITHUB), ...(fields as object) });
    expect(complaints.isComplete).toBe(false);
    expect(complaints[field]).toBeTypeOf('string');
  });

  test('roles by pattern are sent', () => {
    const roleArns = ['arn:aws:iam::111122223333:role/nightly-*'];
    const draft = { ...workloadDraftOf(GITHUB), kind: 'aws' as const, roleArns, selectors: ['vpc-1'] };
    expect(judgeWorkload(draft).isComplete).toBe(true);
    expect(workloadInputOf(draft).settings).toEqual({ kind: 'aws', roleArns, selectors: ['vpc-1'] });
  });
});

const SSO = {
  issuer: 'https://login.example.com',
  clientId: 'sallyport',
  hasClientSecret: true,
  displayName: 'Acme',
  scopes: ['openid'],
  groupClaim: null,
  groupMapping: [],
  allowedDomains: null,
  createUsers: false,
} as unknown as SsoView;

describe('single sign-on', () => {
  test('the stored secret is kept by leaving it out, and only for the same client at the same provider', () => {
    const draft = ssoDraftOf(SSO);
    expect(judgeSso(draft, SSO)).toEqual({});
    expect(ssoInputOf(draft)).not.toHaveProperty('clientSecret');
    const other = { ...draft, clientId: 'other' };
    expect(mayKeepSecret(other, SSO)).toBe(false);
    expect(judgeSso(other, SSO)).toHaveProperty('clientSecret');
  });

  test('a public client says so, a new secret is sent', () => {
    const draft = ssoDraftOf(SSO);
    expect(ssoInputOf({ ...draft, secretChoice: 'none' }).clientSecret).toBeNull();
    expect(ssoInputOf({ ...draft, secretChoice: 'new', clientSecret: 'x' }).clientSecret).toBe('x');
    expect(judgeSso({ ...draft, secretChoice: 'new' }, SSO)).toHaveProperty('clientSecret');
  });

  test('groups by claim need the claim, and domains are lower case', () => {
    const draft = { ...ssoDraftOf(SSO), mapping: [{ key: 1, value: 'ops', group: 'grp_1' }] };
    expect(judgeSso(draft, SSO)).toHaveProperty('mapping');
    expect(judgeSso({ ...draft, groupClaim: 'groups' }, SSO)).toEqual({});
    expect(judgeSso({ ...ssoDraftOf(SSO), domains: ['Example.com'] }, SSO)).toHaveProperty('domains');
  });
});
