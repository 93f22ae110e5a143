// The settings of a secrets manager as the form handles them: what is said of them before they are sent, what is sent, and which policies
// are written for them.
import { partitionOfRegion } from '@sallyport/core';
import type { SecretsManagerView } from '@sallyport/protocol';
import { describe, expect, test } from 'vitest';
import { AWS_REGIONS, regionOptions } from '../src/secrets-managers/aws-regions.ts';
import { judgeDraft, judgeForTest, judgeRegion } from '../src/secrets-managers/judge-draft.ts';
import {
  changeOf,
  draftOfManager,
  hasOtherSettings,
  newDraft,
  settingsOf,
  withKeyArn,
} from '../src/secrets-managers/manager-draft.ts';
import type { ManagerDraft } from '../src/secrets-managers/manager-draft.ts';
import { gapsIn, policiesFor, principalOf } from '../src/secrets-managers/policies.ts';
import type { PolicyFacts } from '../src/secrets-managers/policies.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const ALIAS = 'arn:aws:kms:eu-west-1:111122223333:alias/prod';
const ROLE = 'arn:aws:iam::111122223333:role/sallyport';

function draft(part: Partial<ManagerDraft> = {}): ManagerDraft {
  return {
    ...newDraft('aws-kms', false),
    name: 'prod',
    keyArn: KEY,
    region: 'eu-west-1',
    selectors: ['prod-vpc'],
    ...part,
  };
}

function saved(part: object = {}): SecretsManagerView {
  return {
    kind: 'aws-kms',
    id: 'sm_00000000000000000000000000',
    name: 'prod',
    isDefault: false,
    revision: 3,
    selectors: ['prod-vpc'],
    context: { stage: 'prod' },
    dataKeyCache: { maxAgeSeconds: 60, maxUses: 10 },
    usageScope: [{ applications: 'all', environments: 'all' }],
    secretCount: 2,
    createdAtMs: 1,
    updatedAtMs: 1,
    keyArn: KEY,
    pinnedKeyArn: KEY,
    formerKeyArns: [],
    region: 'eu-west-1',
    credentials: { type: 'iam-role' },
    ...part,
  } as unknown as SecretsManagerView;
}

const KEYS = { type: 'access-keys', accessKeyId: 'AKIA************MPLE' };

describe('the region', () => {
  test('is filled in from the key ARN, and follows it', () => {
    const typed = withKeyArn(newDraft('aws-kms', false), KEY);
    expect(typed.region).toBe('eu-west-1');
    expect(withKeyArn(typed, KEY.replace('eu-west-1', 'us-east-2')).region).toBe('us-east-2');
  });

  test('that somebody chose stays, and the mismatch names both', () => {
    const typed = withKeyArn({ ...newDraft('aws-kms', false), region: 'us-east-1' }, KEY);
    expect(typed.region).toBe('us-east-1');
    expect(judgeRegion(typed)).toMatch(/eu-west-1.*us-east-1/);
    expect(judgeRegion({ ...typed, region: 'eu-west-1' })).toBeNull();
  });

  test('is none of an unfinished ARN, which leaves what was there', () => {
    expect(withKeyArn(draft(), 'arn:aws:kms:eu-').region).toBe('eu-west-1');
    expect(judgeRegion({ keyArn: 'arn:aws:kms:eu-', region: 'us-east-1' })).toBeNull();
  });

  test('of every entry in the list is one of a partition of AWS', () => {
    expect(AWS_REGIONS.length).toBeGreaterThan(30);
    expect(AWS_REGIONS.filter(({ code }) => partitionOfRegion(code) === null)).toEqual([]);
    expect(new Set(AWS_REGIONS.map(({ code }) => code)).size).toBe(AWS_REGIONS.length);
    expect(regionOptions('xx-new-1').at(-1)?.value).toBe('xx-new-1');
    expect(regionOptions('eu-west-1')).toHaveLength(AWS_REGIONS.length);
  });
});

describe('before anything is sent', () => {
  test('a complete draft has nothing against it, per credentials type', () => {
    const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret', selectors: [] };
    expect(judgeDraft(draft(), null)).toEqual({});
    expect(judgeDraft(draft({ credentialsType: 'access-keys', ...keys }), null)).toEqual({});
    expect(judgeDraft(draft({ credentialsType: 'sts-role', roleArn: ROLE }), null)).toEqual({});
    expect(judgeDraft({ ...newDraft('built-in', true), name: 'ring' }, null)).toEqual({});
  });

  test.each<[string, Partial<ManagerDraft>, keyof ReturnType<typeof judgeDraft>, RegExp]>([
    ['no name', { name: ' ' }, 'name', /name/],
    ['no key', { keyArn: '' }, 'keyArn', /ARN/],
    ['a bare alias', { keyArn: 'alias/prod' }, 'keyArn', /full ARN/],
    ['no selector for a role', { selectors: [] }, 'selectors', /at least one/],
    ['a selector with blanks', { selectors: ['a b'] }, 'selectors', /letters, digits/],
    [
      'a role that is a user',
      { credentialsType: 'sts-role', roleArn: ROLE.replace('role/', 'user/') },
      'roleArn',
      /role/,
    ],
    [
      'a short external ID',
      { credentialsType: 'sts-role', roleArn: ROLE, externalId: 'x' },
      'externalId',
      /2 to 1,224/,
    ],
    ['a short duration', { credentialsType: 'sts-role', roleArn: ROLE, duration: '60' }, 'duration', /900/],
    [
      'a duration in words',
      { credentialsType: 'sts-role', roleArn: ROLE, duration: '1h' },
      'duration',
      /seconds/,
    ],
    [
      'a lower-case access key',
      { credentialsType: 'access-keys', accessKeyId: 'akia', secretAccessKey: 'x' },
      'accessKeyId',
      /upper-case/,
    ],
    [
      'no secret key',
      { credentialsType: 'access-keys', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
      'secretAccessKey',
      /secret key/,
    ],
    ['a context pair without a value', { context: ['stage'] }, 'context', /stage=value/],
    ['two context pairs of one name', { context: ['a=1', 'a=2'] }, 'context', /same name/],
    ['a context key of AWS', { context: ['aws-crypto-x=1'] }, 'context', /reserved/],
    ['a cache that keeps too long', { cacheMaxAge: '3601' }, 'cacheMaxAge', /3,600/],
    ['a cache time that is no number', { cacheMaxAge: '5 min' }, 'cacheMaxAge', /seconds/],
    ['no use of a data key', { cacheMaxUses: '0' }, 'cacheMaxUses', /1 to/],
    ['an unfinished scope', { scope: [{ applications: [], environments: 'all' }] }, 'scope', /rows/],
  ])('%s is said beside its field', (_what, part, field, words) => {
    const complaints = judgeDraft(draft(part), null);
    expect(Object.keys(complaints)).toEqual([field]);
    expect(complaints[field]).toMatch(words);
  });

  test('a test needs neither name nor scope, but the secret key of changed settings', () => {
    const unnamed = draft({ name: '', scope: [{ applications: [], environments: 'all' }] });
    expect(judgeForTest(unnamed, null)).toEqual({});
    const view = saved({ credentials: KEYS });
    const unchanged = draftOfManager(view);
    expect(judgeForTest(unchanged, view)).toEqual({});
    const changed = { ...unchanged, selectors: ['edge'], accessKeyId: 'AKIAIOSFODNN7EXAMPLE' };
    expect(judgeForTest(changed, view)).toHaveProperty('secretAccessKey');
    expect(judgeDraft(changed, view)).toEqual({});
  });
});

describe('what is sent', () => {
  test('belongs to the chosen credentials type alone', () => {
    const everything = draft({
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'typed-secret',
      roleArn: ROLE,
      externalId: 'partner',
      duration: '900',
    });
    expect(JSON.stringify(settingsOf(everything))).not.toContain('typed-secret');
    expect(settingsOf({ ...everything, credentialsType: 'sts-role' })).toMatchObject({
      credentials: { type: 'sts-role', roleArn: ROLE, externalId: 'partner', durationSeconds: 900 },
    });
    expect(settingsOf({ ...everything, credentialsType: 'access-keys' })).toMatchObject({
      credentials: {
        type: 'access-keys',
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'typed-secret',
      },
    });
  });

  test('of an edit is what changed, context and cache as they were typed', () => {
    const view = saved();
    expect(changeOf(draftOfManager(view), view)).toEqual({});
    expect(changeOf({ ...draftOfManager(view), name: 'other' }, view)).toEqual({ name: 'other' });
    expect(changeOf({ ...draftOfManager(view), scope: [] }, view)).toEqual({ usageScope: [] });
    const { settings } = changeOf({ ...draftOfManager(view), selectors: ['edge'] }, view);
    expect(settings).toMatchObject({
      selectors: ['edge'],
      context: { stage: 'prod' },
      dataKeyCache: { maxAgeSeconds: 60, maxUses: 10 },
    });
    const typed = { context: ['stage=prod', 'team=a=b'], cacheMaxAge: '0', cacheMaxUses: '5' };
    expect(changeOf({ ...draftOfManager(view), ...typed }, view).settings).toMatchObject({
      context: { stage: 'prod', team: 'a=b' },
      dataKeyCache: { maxAgeSeconds: 0, maxUses: 5 },
    });
  });

  test('a masked access key is never sent back', () => {
    const view = saved({ credentials: KEYS });
    const before = draftOfManager(view);
    expect(before.accessKeyId).toBe('');
    expect(hasOtherSettings(before, view)).toBe(false);
    expect(judgeDraft({ ...before, selectors: ['edge'] }, view).accessKeyId).toMatch(/again/);
  });
});

describe('the policies', () => {
  const facts = (part: Partial<ManagerDraft> = {}, more: Partial<PolicyFacts> = {}): PolicyFacts => ({
    draft: draft(part),
    context: {},
    secretsManagerId: null,
    pinnedKeyArn: null,
    identityArn: null,
    ...more,
  });
  type Statement = {
    Action: string | string[];
    Resource?: string;
    Principal?: { AWS: string };
    Condition?: Record<string, Record<string, string | string[]>>;
  };
  const statementOf = (text: string | undefined): Statement => {
    const policy = JSON.parse(text ?? '') as Statement & { Statement?: Statement[] };
    return policy.Statement?.[0] ?? policy;
  };

  test('wait for a key ARN', () => {
    expect(policiesFor(facts({ keyArn: 'arn:aws:kms:' }))).toEqual([]);
  });

  test('allow the two actions on the one key, under the encryption context only', () => {
    const [permissions, keyPolicy] = policiesFor(facts());
    expect(statementOf(permissions?.text)).toMatchObject({
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: KEY,
      Condition: {
        'ForAllValues:StringEquals': {
          'kms:EncryptionContextKeys': ['sallyport:secrets-manager', 'sallyport:secret', 'sallyport:version'],
        },
        Null: { 'kms:EncryptionContextKeys': 'false' },
      },
    });
    expect(statementOf(keyPolicy?.text).Principal?.AWS).toMatch(/111122223333:role\/ROLE-OF-THE-DELEGATE$/);
    expect(gapsIn(policiesFor(facts()))).toHaveLength(1);
  });

  test('of a saved secrets manager are bound to its id and its fixed pairs', () => {
    const [permissions] = policiesFor(facts({}, { secretsManagerId: 'sm_x', context: { stage: 'prod' } }));
    const condition = statementOf(permissions?.text).Condition;
    expect(condition?.['StringEquals']).toEqual({
      'kms:EncryptionContext:sallyport:secrets-manager': 'sm_x',
      'kms:EncryptionContext:stage': 'prod',
    });
    expect(condition?.['ForAllValues:StringEquals']?.['kms:EncryptionContextKeys']).toContain('stage');
  });

  test('name who the last test found the delegate to be', () => {
    const identityArn = 'arn:aws:sts::111122223333:assumed-role/host/i-0abc';
    const all = policiesFor(facts({}, { identityArn }));
    expect(statementOf(all[1]?.text).Principal?.AWS).toBe('arn:aws:iam::111122223333:role/host');
    expect(gapsIn(all)).toEqual([]);
    expect(principalOf('arn:aws:iam::111122223333:user/ci')).toBe('arn:aws:iam::111122223333:user/ci');
    expect(principalOf('arn:aws:iam::111122223333:root')).toBeNull();
  });

  test('of a role to assume are four, and the trust policy demands the external ID', () => {
    const all = policiesFor(facts({ credentialsType: 'sts-role', roleArn: ROLE, externalId: 'partner' }));
    expect(all.map(({ title }) => title)).toEqual([
      'Policy of the delegate’s role',
      'Trust policy of the role to assume',
      'Policy of the role to assume',
      'Key policy statement',
    ]);
    expect(statementOf(all[0]?.text)).toMatchObject({ Action: 'sts:AssumeRole', Resource: ROLE });
    expect(statementOf(all[1]?.text).Condition).toEqual({ StringEquals: { 'sts:ExternalId': 'partner' } });
    expect(statementOf(all[3]?.text).Principal?.AWS).toBe(ROLE);
  });

  test('name the key behind an alias, or say that it is missing', () => {
    expect(gapsIn(policiesFor(facts({ keyArn: ALIAS })))).toContainEqual(expect.stringMatching(/alias/));
    const [permissions] = policiesFor(facts({ keyArn: ALIAS }, { pinnedKeyArn: KEY }));
    expect(statementOf(permissions?.text).Resource).toBe(KEY);
  });

  test('of access keys are for their user', () => {
    const all = policiesFor(facts({ credentialsType: 'access-keys' }));
    expect(all[0]?.title).toBe('Policy of the IAM user');
    expect(gapsIn(all)).toEqual([expect.stringMatching(/IAM user/)]);
  });
});
