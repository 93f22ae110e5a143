// Policy evaluation through KMS: who must allow what, what a condition sees, what a refusal says, which policies are refused when made.
import { DecryptCommand, DescribeKeyCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { describe, expect, test } from 'vitest';
import { defaultKeyPolicy, keyUsePolicy, trustPrincipals } from '../src/aws-lab/index.ts';
import type { AwsLab, PolicyDocument, PolicyStatement } from '../src/aws-lab/index.ts';
import { compileConditions } from '../src/aws-lab/policy-condition.ts';
import { compilePolicy } from '../src/aws-lab/policy-document.ts';
import { EVERYTHING, kmsAs, openLab, policy, refusalOf } from './lab-world.ts';
import type { Credentials } from './lab-world.ts';

const OTHER_ACCOUNT = '444455556666';

async function generate(
  lab: AwsLab,
  who: Credentials,
  call: { keyArn: string; context?: Record<string, string> },
): Promise<unknown> {
  return kmsAs(lab, who).send(
    new GenerateDataKeyCommand({ KeyId: call.keyArn, KeySpec: 'AES_256', EncryptionContext: call.context }),
  );
}

describe('within one account', () => {
  test('the default key policy delegates to identity policies, and a refusal says which kind is missing', async () => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    const allowed = lab.identities.createUser({ name: 'allowed', policies: keyUsePolicy({ keyArn }) });
    const bare = lab.identities.createUser({ name: 'bare' });
    await generate(lab, allowed, { keyArn });
    const text = await refusalOf(generate(lab, bare, { keyArn }), 'AccessDeniedException');
    expect(text).toBe(
      `User: ${bare.arn} is not authorized to perform: kms:GenerateDataKey on resource: ${keyArn} because no identity-based policy allows the kms:GenerateDataKey action`,
    );
    expect(lab.calls({ errorCode: 'AccessDeniedException' })).toMatchObject([
      { principalArn: bare.arn, keyArn },
    ]);
  });

  test('an identity policy is worth nothing when the key policy does not delegate', async () => {
    const lab = await openLab();
    const ann = lab.identities.createUser({ name: 'ann', policies: EVERYTHING });
    const bob = lab.identities.createUser({ name: 'bob' });
    const named: PolicyDocument = policy({
      Effect: 'Allow',
      Principal: { AWS: bob.arn },
      Action: 'kms:*',
      Resource: '*',
    });
    const keyArn = lab.keys.create({ policy: named }).arn;
    const text = await refusalOf(generate(lab, ann, { keyArn }), 'AccessDeniedException');
    expect(text).toContain('because no resource-based policy allows the kms:GenerateDataKey action');
    // The key policy names bob himself: he needs no policy of his own.
    await generate(lab, bob, { keyArn });
  });

  test('an explicit deny wins, in either policy', async () => {
    const lab = await openLab();
    const deny = { Effect: 'Deny', Action: 'kms:Generate*', Resource: '*' } as const;
    const open = lab.keys.create().arn;
    const ann = lab.identities.createUser({ name: 'ann', policies: [EVERYTHING, policy(deny)] });
    const inIdentity = await refusalOf(generate(lab, ann, { keyArn: open }), 'AccessDeniedException');
    expect(inIdentity).toContain('with an explicit deny in an identity-based policy');
    const bob = lab.identities.createUser({ name: 'bob', policies: EVERYTHING });
    const root = defaultKeyPolicy(open).Statement as PolicyStatement[];
    lab.keys.setPolicy({ arn: open, policy: policy([...root, { ...deny, Principal: { AWS: bob.arn } }]) });
    const inKey = await refusalOf(generate(lab, bob, { keyArn: open }), 'AccessDeniedException');
    expect(inKey).toContain('with an explicit deny in a resource-based policy');
  });

  test.each<[string, Partial<PolicyStatement>, boolean]>([
    ['action in another case', { Action: 'KMS:generatedatakey' }, true],
    ['action wildcard', { Action: 'kms:*DataKey' }, true],
    ['one-letter wildcard', { Action: 'kms:GenerateDataKe?' }, true],
    ['another action', { Action: 'kms:Decrypt' }, false],
    ['another service', { Action: 's3:*' }, false],
    ['all but another action', { Action: undefined, NotAction: 'kms:Decrypt' }, true],
    ['all but this action', { Action: undefined, NotAction: 'kms:Generate*' }, false],
    ['every key of the account', { Resource: 'arn:aws:kms:eu-west-1:111122223333:key/*' }, true],
    ['every region', { Resource: 'arn:aws:kms:*:111122223333:key/*' }, true],
    ['keys of another region', { Resource: 'arn:aws:kms:us-east-1:111122223333:key/*' }, false],
    ['a wildcard that would have to reach over a colon', { Resource: 'arn:aws:kms:eu*:key/*:x' }, false],
    ['an alias as the resource', { Resource: 'arn:aws:kms:eu-west-1:111122223333:alias/a' }, false],
  ])('%s: allowed is %s', async (_name, change, isAllowed) => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    lab.keys.setAlias({ name: 'alias/a', arn: keyArn });
    const base = { Effect: 'Allow', Action: 'kms:GenerateDataKey', Resource: '*' } as const;
    const ann = lab.identities.createUser({
      name: 'ann',
      policies: withoutUndefined({ ...base, ...change }),
    });
    const call = generate(lab, ann, { keyArn });
    if (isAllowed) await call;
    else await refusalOf(call, 'AccessDeniedException');
  });
});

function withoutUndefined(statement: object): PolicyDocument {
  return policy(JSON.parse(JSON.stringify(statement)) as PolicyStatement);
}

describe('across accounts', () => {
  test('key policy and identity policy must both allow, and a closed key looks like a missing one', async () => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    const guest = lab.identities.createUser({
      name: 'guest',
      accountId: OTHER_ACCOUNT,
      policies: EVERYTHING,
    });
    const closed = await refusalOf(generate(lab, guest, { keyArn }), 'AccessDeniedException');
    const missingArn = keyArn.replace(/key\/.*/, 'key/00000000-0000-4000-8000-000000000000');
    const missing = await refusalOf(generate(lab, guest, { keyArn: missingArn }), 'AccessDeniedException');
    expect(closed).toBe(missing);
    const root = defaultKeyPolicy(keyArn).Statement as PolicyStatement[];
    const guests: PolicyStatement = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` },
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: '*',
    };
    lab.keys.setPolicy({ arn: keyArn, policy: policy([...root, guests]) });
    await generate(lab, guest, { keyArn });
    lab.identities.setUserPolicies({ arn: guest.arn, policies: [] });
    const text = await refusalOf(generate(lab, guest, { keyArn }), 'AccessDeniedException');
    expect(text).toContain('no identity-based policy allows');
    // Naming the guest in the key policy is not enough either.
    lab.keys.setPolicy({
      arn: keyArn,
      policy: policy([...root, { ...guests, Principal: { AWS: guest.arn } }]),
    });
    await refusalOf(generate(lab, guest, { keyArn }), 'AccessDeniedException');
  });
});

describe('session policies', () => {
  test('narrow what the role may do, and never widen it', async () => {
    const lab = await openLab();
    const [keyArn, other] = [lab.keys.create().arn, lab.keys.create().arn];
    const role = lab.identities.createRole({
      name: 'wide',
      trustPolicy: trustPrincipals({ principals: ['111122223333'] }),
      policies: keyUsePolicy({ keyArn: 'arn:aws:kms:*:111122223333:key/*' }),
    });
    const narrow = lab.sessions.mint({ roleArn: role.arn, policy: keyUsePolicy({ keyArn }) });
    await generate(lab, narrow, { keyArn });
    const text = await refusalOf(generate(lab, narrow, { keyArn: other }), 'AccessDeniedException');
    expect(text).toContain('because no session policy allows the kms:GenerateDataKey action');
    const denying = lab.sessions.mint({
      roleArn: role.arn,
      policy: policy({ Effect: 'Deny', Action: '*', Resource: '*' }),
    });
    const denied = await refusalOf(generate(lab, denying, { keyArn }), 'AccessDeniedException');
    expect(denied).toContain('with an explicit deny in a session policy');
    lab.identities.updateRole({ arn: role.arn, policies: [] });
    const wide = lab.sessions.mint({ roleArn: role.arn, policy: EVERYTHING });
    expect(await refusalOf(generate(lab, wide, { keyArn }), 'AccessDeniedException')).toContain(
      'no identity-based policy allows',
    );
  });

  test('a key policy that names the role is narrowed by them, one that names the session is not', async () => {
    const lab = await openLab();
    const trustPolicy = trustPrincipals({ principals: ['111122223333'] });
    const role = lab.identities.createRole({ name: 'r', trustPolicy });
    const nothing = policy({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' });
    const session = lab.sessions.mint({ roleArn: role.arn, sessionName: 'one', policy: nothing });
    const open = (principal: string): PolicyDocument =>
      policy({ Effect: 'Allow', Principal: { AWS: principal }, Action: 'kms:*', Resource: '*' });
    const keyArn = lab.keys.create({ policy: open(role.arn) }).arn;
    await refusalOf(generate(lab, session, { keyArn }), 'AccessDeniedException');
    lab.keys.setPolicy({ arn: keyArn, policy: open(session.arn) });
    await generate(lab, session, { keyArn });
  });
});

describe('conditions on the encryption context', () => {
  const condition = {
    StringEquals: { 'kms:EncryptionContext:app': 'sallyport', 'kms:EncryptionContext:stage': 'prod' },
    'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['app', 'stage', 'secret'] },
  };

  test('demand the pairs and allow no other keys', async () => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    const ann = lab.identities.createUser({ name: 'ann', policies: keyUsePolicy({ keyArn, condition }) });
    await generate(lab, ann, { keyArn, context: { app: 'sallyport', stage: 'prod', secret: 'sec_1' } });
    const refused: Record<string, string>[] = [
      { app: 'sallyport', stage: 'test' },
      { app: 'sallyport' },
      { app: 'sallyport', stage: 'Prod' },
      { app: 'sallyport', stage: 'prod', extra: 'x' },
      {},
      // Attack: satisfy the condition with a twin of the key in other letters.
      { app: 'sallyport', stage: 'test', Stage: 'prod' },
    ];
    for (const context of refused) {
      await refusalOf(generate(lab, ann, { keyArn, context }), 'AccessDeniedException');
    }
    const last = lab.calls().at(-1);
    expect(last).toMatchObject({ errorCode: 'AccessDeniedException', encryptionContext: refused.at(-1) });
  });

  test('hold for Decrypt too, and DescribeKey never satisfies them', async () => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    const admin = lab.identities.createUser({ name: 'admin', policies: EVERYTHING });
    const ann = lab.identities.createUser({ name: 'ann', policies: keyUsePolicy({ keyArn, condition }) });
    const made = await kmsAs(lab, admin).send(
      new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256' }),
    );
    const open = new DecryptCommand({ KeyId: keyArn, CiphertextBlob: made.CiphertextBlob });
    await refusalOf(kmsAs(lab, ann).send(open), 'AccessDeniedException');
    const look = kmsAs(lab, ann).send(new DescribeKeyCommand({ KeyId: keyArn }));
    await refusalOf(look, 'AccessDeniedException');
  });

  test('kms:ViaService is absent for a direct call', async () => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    const via = { StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } };
    const ann = lab.identities.createUser({
      name: 'ann',
      policies: keyUsePolicy({ keyArn, condition: via }),
    });
    await refusalOf(generate(lab, ann, { keyArn }), 'AccessDeniedException');
  });
});

describe('condition operators', () => {
  const context = new Map([
    ['one', ['abc']],
    ['many', ['a', 'b']],
    ['number', ['5']],
    ['flag', ['true']],
    ['ip', ['10.1.2.3']],
    ['time', ['2026-01-01T00:00:00Z']],
    ['arn', ['arn:aws:iam::111122223333:role/team/r']],
  ]);
  test.each<[string, string, string | string[], boolean]>([
    ['StringEquals', 'one', 'abc', true],
    ['StringEquals', 'ONE', 'abc', true],
    ['StringEquals', 'one', ['x', 'abc'], true],
    ['StringEquals', 'one', 'ABC', false],
    ['StringEquals', 'absent', 'abc', false],
    ['StringEquals', 'many', 'a', false],
    ['StringEqualsIfExists', 'absent', 'abc', true],
    ['StringEqualsIfExists', 'one', 'x', false],
    ['StringNotEquals', 'one', 'abc', false],
    ['StringNotEquals', 'one', 'x', true],
    ['StringNotEquals', 'absent', 'x', true],
    ['StringEqualsIgnoreCase', 'one', 'ABC', true],
    ['StringLike', 'one', 'a*', true],
    ['StringLike', 'one', 'a?', false],
    ['StringNotLike', 'one', 'a*', false],
    ['ForAllValues:StringEquals', 'many', ['a', 'b', 'c'], true],
    ['ForAllValues:StringEquals', 'many', ['a'], false],
    ['ForAllValues:StringEquals', 'absent', ['a'], true],
    ['ForAnyValue:StringEquals', 'many', ['b'], true],
    ['ForAnyValue:StringEquals', 'absent', ['b'], false],
    ['ForAllValues:StringNotEquals', 'many', ['c'], true],
    ['ForAllValues:StringNotEquals', 'many', ['a'], false],
    ['NumericLessThan', 'number', '6', true],
    ['NumericGreaterThanEquals', 'number', '6', false],
    ['Bool', 'flag', 'true', true],
    ['Bool', 'absent', 'true', false],
    ['Null', 'absent', 'true', true],
    ['Null', 'one', 'true', false],
    ['Null', 'one', 'false', true],
    ['IpAddress', 'ip', '10.1.0.0/16', true],
    ['NotIpAddress', 'ip', '10.1.0.0/16', false],
    ['DateLessThan', 'time', '2026-06-01T00:00:00Z', true],
    ['ArnLike', 'arn', 'arn:aws:iam::*:role/team/*', true],
    ['ArnLike', 'arn', 'arn:aws:iam::*:role/other/*', false],
  ])('%s %s %j is %s', (operator, key, wanted, holds) => {
    const [condition] = compileConditions({ [operator]: { [key]: wanted } });
    expect(condition?.(context)).toBe(holds);
  });
});

describe('a policy is refused when it is made', () => {
  const good: PolicyStatement = { Effect: 'Allow', Action: 'kms:*', Resource: '*' };
  test.each<[string, unknown, 'identity' | 'resource' | 'trust']>([
    ['an unknown operator', policy({ ...good, Condition: { StringMatches: { a: 'b' } } }), 'identity'],
    ['an operator of the prototype', policy({ ...good, Condition: { constructor: { a: 'b' } } }), 'identity'],
    [
      'a policy variable',
      policy({ ...good, Condition: { StringEquals: { a: '${aws:username}' } } }),
      'identity',
    ],
    ['a misspelt element', policy({ ...good, Conditions: {} } as PolicyStatement), 'identity'],
    ['no statement', { Version: '2012-10-17', Statement: [] }, 'identity'],
    ['another version', { Version: '2020-01-01', Statement: good }, 'identity'],
    ['an action without a service', policy({ ...good, Action: 'Decrypt' }), 'identity'],
    ['a resource that is no ARN', policy({ ...good, Resource: 'key/abc' }), 'identity'],
    ['no resource', policy({ Effect: 'Allow', Action: 'kms:*' }), 'identity'],
    ['a principal in an identity policy', policy({ ...good, Principal: '*' }), 'identity'],
    ['no principal in a key policy', policy(good), 'resource'],
    [
      'a wildcard in a principal',
      policy({ ...good, Principal: { AWS: 'arn:aws:iam::111122223333:role/*' } }),
      'resource',
    ],
    ['NotPrincipal', policy({ ...good, NotPrincipal: '*' } as PolicyStatement), 'resource'],
    ['a resource in a trust policy', policy({ ...good, Principal: '*' }), 'trust'],
    [
      'an effect in small letters',
      policy({ ...good, Effect: 'allow' } as unknown as PolicyStatement),
      'identity',
    ],
    ['a text', 'policy', 'identity'],
  ])('%s', (_name, document, kind) => {
    expect(() => compilePolicy(document, kind)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        message: expect.stringContaining('This policy is refused'),
      }),
    );
  });
});
