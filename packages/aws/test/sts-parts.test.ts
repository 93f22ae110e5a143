// Names, policies and ARNs that go to STS or into messages.
import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { parseRoleArn } from '@sallyport/core';
import { chooseKey } from '../src/kms/key-choice.ts';
import { isSessionOf, policyPrincipalOf } from '../src/sts/caller-identity.ts';
import { sessionNameOf } from '../src/sts/session-name.ts';
import { sessionPolicyOf } from '../src/sts/session-policy.ts';

const keyArn = (last: string, region = 'eu-west-1') =>
  `arn:aws:kms:${region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890${last}`;
const MRK = (region: string, account = '111122223333') =>
  `arn:aws:kms:${region}:${account}:key/mrk-1234abcd12ab34cd56ef123456789012`;

describe('session name', () => {
  test('whatever a delegate is called, its session name is one that STS takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (name) => {
        expect(sessionNameOf(name)).toMatch(/^sallyport-[A-Za-z0-9_+=,.@-]{1,54}$/);
      }),
    );
  });

  test('a name stays readable', () => {
    expect(sessionNameOf('prod eu/1')).toBe('sallyport-prod-eu-1');
    expect(sessionNameOf('Zürich')).toBe('sallyport-Zurich');
  });
});

describe('session policy', () => {
  const statements = (policy: string) =>
    (JSON.parse(policy) as { Statement: { Action: string[]; Resource: string | string[] }[] }).Statement;

  test('a session may use the one key, and only unwrap with former ones', () => {
    const policy = sessionPolicyOf({ keyArn: keyArn('ab'), formerKeyArns: [keyArn('cd'), keyArn('ab')] });
    expect(statements(policy)).toEqual([
      {
        Effect: 'Allow',
        Action: ['kms:GenerateDataKey', 'kms:Decrypt', 'kms:DescribeKey'],
        Resource: keyArn('ab'),
      },
      { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [keyArn('cd')] },
    ]);
  });

  test('an alias, which policies cannot name, opens the keys of its account and region and no others', () => {
    const alias = 'arn:aws-cn:kms:cn-north-1:111122223333:alias/secrets';
    const [only] = statements(sessionPolicyOf({ keyArn: alias, formerKeyArns: [] }));
    expect(only?.Resource).toBe('arn:aws-cn:kms:cn-north-1:111122223333:key/*');
  });

  test('a policy never exceeds what STS takes, however many keys there were', () => {
    const former = Array.from({ length: 60 }, (_, index) => keyArn(String(index + 10)));
    const policy = sessionPolicyOf({ keyArn: keyArn('ab'), formerKeyArns: former });
    expect(policy.length).toBeLessThanOrEqual(2048);
    expect(statements(policy)[1]?.Resource).toEqual(['arn:aws:kms:eu-west-1:111122223333:key/*']);
  });
});

describe('caller identity', () => {
  const session = { arn: 'arn:aws:sts::111122223333:assumed-role/sallyport/i-0123' };

  test('a policy names the role of a session, and a user as it is', () => {
    expect(policyPrincipalOf(session)).toBe('arn:aws:iam::111122223333:role/sallyport');
    const user = { arn: 'arn:aws:iam::111122223333:user/ops/anna' };
    expect(policyPrincipalOf(user)).toBe(user.arn);
  });

  test('a session is recognised as one of a role by account and name, whatever the path', () => {
    expect(isSessionOf(session, parseRoleArn('arn:aws:iam::111122223333:role/team/x/sallyport'))).toBe(true);
    expect(isSessionOf(session, parseRoleArn('arn:aws:iam::444455556666:role/sallyport'))).toBe(false);
    expect(isSessionOf(session, parseRoleArn('arn:aws:iam::111122223333:role/sallyport2'))).toBe(false);
  });
});

describe('the choice of the key that unwraps', () => {
  const wrappedBy = (arn: string, providerId = 'aws-kms') => ({
    providerId,
    providerInfo: Buffer.from(arn),
    ciphertext: Buffer.from(`wrapped by ${arn}`),
  });
  const keys = { pinnedKeyArn: keyArn('ab'), formerKeyArns: [keyArn('cd', 'us-east-1')] };

  test('an envelope cannot have the delegate call a key that the secrets manager is not set to', () => {
    const foreign = [keyArn('ef'), keyArn('ab', 'eu-west-2'), MRK('eu-west-1'), 'alias/secrets', '', '\u{0}'];
    expect(
      chooseKey(
        foreign.map((arn) => wrappedBy(arn)),
        keys,
      ),
    ).toBeNull();
    expect(chooseKey([wrappedBy(keyArn('ab'), 'sallyport-built-in')], keys)).toBeNull();
  });

  test('the pinned key and former keys are found, each with the region that it is in', () => {
    const former = wrappedBy(keyArn('cd', 'us-east-1'));
    expect(chooseKey([wrappedBy(keyArn('ef')), former], keys)).toEqual({
      keyArn: keyArn('cd', 'us-east-1'),
      region: 'us-east-1',
      ciphertext: former.ciphertext,
    });
    expect(chooseKey([wrappedBy(keyArn('ab'))], keys)).toMatchObject({
      keyArn: keyArn('ab'),
      region: 'eu-west-1',
    });
  });

  test('a multi-region key is called in the region of the secrets manager, and never across accounts', () => {
    const replica = { pinnedKeyArn: MRK('eu-west-1'), formerKeyArns: [] };
    expect(chooseKey([wrappedBy(MRK('us-east-1'))], replica)).toMatchObject({
      keyArn: MRK('eu-west-1'),
      region: 'eu-west-1',
    });
    expect(chooseKey([wrappedBy(MRK('us-east-1', '444455556666'))], replica)).toBeNull();
  });
});
