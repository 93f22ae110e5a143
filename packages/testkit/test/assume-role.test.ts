// AssumeRole beyond the contract: the one text of every refusal, chaining, session policies over the wire, tags, web identities.
import { GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts';
import type { AssumeRoleCommandInput, AssumeRoleCommandOutput } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { assumeRolePolicy, keyUsePolicy, trustPrincipals, trustWebIdentity } from '../src/aws-lab/index.ts';
import type { AwsLab, PolicyStatement, WebIdentityOptions } from '../src/aws-lab/index.ts';
import { EVERYTHING, kmsAs, openLab, policy, refusalOf, stsAs } from './lab-world.ts';
import type { Credentials } from './lab-world.ts';

const EXTERNAL_ID = 'sallyport:tenant-1';
const OTHER_ACCOUNT = '444455556666';

async function assume(
  lab: AwsLab,
  who: Credentials,
  input: Partial<AssumeRoleCommandInput> & { RoleArn: string },
): Promise<AssumeRoleCommandOutput> {
  return stsAs(lab, who).send(new AssumeRoleCommand({ RoleSessionName: 'delegate-1', ...input }));
}

function sessionOf(output: { Credentials?: AssumeRoleCommandOutput['Credentials'] }): Credentials {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = output.Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

describe('who may assume a role', () => {
  test('wrong or missing external ID, unknown role, wrong principal and missing permission answer with one text', async () => {
    const lab = await openLab();
    const name = 'keys';
    const RoleArn = `arn:aws:iam::${OTHER_ACCOUNT}:role/${name}`;
    const ann = lab.identities.createUser({ name: 'ann', policies: assumeRolePolicy(RoleArn) });
    const text = `User: ${ann.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`;
    const refused = async (input: Partial<AssumeRoleCommandInput> = {}): Promise<void> => {
      expect(await refusalOf(assume(lab, ann, { RoleArn, ...input }), 'AccessDenied')).toBe(text);
    };
    await refused({ ExternalId: EXTERNAL_ID });
    const trustPolicy = trustPrincipals({ principals: [ann.arn], externalId: EXTERNAL_ID });
    lab.identities.createRole({ name, accountId: OTHER_ACCOUNT, trustPolicy });
    await refused();
    await refused({ ExternalId: 'sallyport:tenant-2' });
    await refused({ ExternalId: EXTERNAL_ID.toUpperCase() });
    await assume(lab, ann, { RoleArn, ExternalId: EXTERNAL_ID });
    lab.identities.setUserPolicies({ arn: ann.arn, policies: [] });
    await refused({ ExternalId: EXTERNAL_ID });
    lab.identities.setUserPolicies({ arn: ann.arn, policies: assumeRolePolicy(RoleArn) });
    const strangers = trustPrincipals({ principals: ['777788889999'], externalId: EXTERNAL_ID });
    lab.identities.updateRole({ arn: RoleArn, trustPolicy: strangers });
    await refused({ ExternalId: EXTERNAL_ID });
    expect(lab.calls({ errorCode: 'AccessDenied' })).toHaveLength(6);
    expect(lab.calls({ errorCode: null })).toMatchObject([{ roleArn: RoleArn, externalId: EXTERNAL_ID }]);
  });

  test('within one account a trust policy that names the caller is enough, and one that names the account is not', async () => {
    const lab = await openLab();
    const bare = lab.identities.createUser({ name: 'bare' });
    const named = lab.identities.createRole({
      name: 'named',
      trustPolicy: trustPrincipals({ principals: [bare.arn] }),
    });
    await assume(lab, bare, { RoleArn: named.arn });
    const root = lab.identities.createRole({
      name: 'root',
      trustPolicy: trustPrincipals({ principals: ['arn:aws:iam::111122223333:root'] }),
    });
    await refusalOf(assume(lab, bare, { RoleArn: root.arn }), 'AccessDenied');
  });

  test('a role may not assume itself unless its trust policy names it', async () => {
    const lab = await openLab();
    const role = lab.identities.createRole({
      name: 'self',
      trustPolicy: trustPrincipals({ principals: ['777788889999'] }),
      policies: EVERYTHING,
    });
    const session = lab.sessions.mint({ roleArn: role.arn });
    await refusalOf(assume(lab, session, { RoleArn: role.arn }), 'AccessDenied');
    lab.identities.updateRole({ arn: role.arn, trustPolicy: trustPrincipals({ principals: [role.arn] }) });
    await assume(lab, session, { RoleArn: role.arn });
  });

  test('tags and a source identity need permissions of their own', async () => {
    const lab = await openLab();
    const ann = lab.identities.createUser({ name: 'ann' });
    const role = lab.identities.createRole({
      name: 'r',
      trustPolicy: trustPrincipals({ principals: [ann.arn] }),
    });
    const Tags = [{ Key: 'stage', Value: 'prod' }];
    const tagging = await refusalOf(assume(lab, ann, { RoleArn: role.arn, Tags }), 'AccessDenied');
    expect(tagging).toContain('sts:TagSession');
    const naming = assume(lab, ann, { RoleArn: role.arn, SourceIdentity: 'ann' });
    expect(await refusalOf(naming, 'AccessDenied')).toContain('sts:SetSourceIdentity');
    const { Statement } = trustPrincipals({ principals: [ann.arn] });
    const wide = {
      ...(Statement as PolicyStatement),
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    };
    const condition = { StringEquals: { 'aws:RequestTag/stage': 'prod' } };
    lab.identities.updateRole({ arn: role.arn, trustPolicy: policy({ ...wide, Condition: condition }) });
    const done = await assume(lab, ann, { RoleArn: role.arn, Tags, SourceIdentity: 'ann' });
    expect(done.SourceIdentity).toBe('ann');
    lab.identities.createRole({
      name: 'next',
      trustPolicy: policy({
        ...wide,
        Principal: { AWS: role.arn },
        Condition: { StringEquals: { 'aws:SourceIdentity': 'ann' } },
      }),
    });
    const RoleArn = role.arn.replace(/\/r$/, '/next');
    expect((await assume(lab, sessionOf(done), { RoleArn })).SourceIdentity).toBe('ann');
    const otherStage = [{ Key: 'stage', Value: 'test' }];
    await refusalOf(assume(lab, ann, { RoleArn: role.arn, Tags: otherStage }), 'AccessDenied');
    const long = [{ Key: 'k'.repeat(129), Value: '' }];
    await refusalOf(assume(lab, ann, { RoleArn: role.arn, Tags: long }), 'ValidationError');
  });
});

describe('sessions', () => {
  test('a chained session ends after an hour at most, and only a chained one', async () => {
    const lab = await openLab();
    const ann = lab.identities.createUser({ name: 'ann', policies: EVERYTHING });
    const trustPolicy = trustPrincipals({ principals: ['111122223333'] });
    const role = lab.identities.createRole({
      name: 'r',
      trustPolicy,
      policies: EVERYTHING,
      maxSessionSeconds: 7200,
    });
    const long = { RoleArn: role.arn, DurationSeconds: 7200 };
    const first = sessionOf(await assume(lab, ann, long));
    const text = await refusalOf(assume(lab, first, long), 'ValidationError');
    expect(text).toBe(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
    await assume(lab, first, { RoleArn: role.arn, DurationSeconds: 3600 });
  });

  test('an inline session policy narrows the session to one key', async () => {
    const lab = await openLab();
    const [keyArn, other] = [lab.keys.create().arn, lab.keys.create().arn];
    const ann = lab.identities.createUser({ name: 'ann' });
    const role = lab.identities.createRole({
      name: 'wide',
      trustPolicy: trustPrincipals({ principals: [ann.arn] }),
      policies: EVERYTHING,
    });
    const Policy = JSON.stringify(keyUsePolicy({ keyArn }));
    const output = await assume(lab, ann, { RoleArn: role.arn, Policy });
    expect(output.SessionTokenUtilization).toBeGreaterThan(0);
    const kms = kmsAs(lab, sessionOf(output));
    await kms.send(new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256' }));
    const call = new GenerateDataKeyCommand({ KeyId: other, KeySpec: 'AES_256' });
    expect(await refusalOf(kms.send(call), 'AccessDeniedException')).toContain('no session policy allows');
    expect(lab.calls({ eventName: 'AssumeRole' })).toMatchObject([{ sessionPolicy: Policy }]);
  });

  test('a session policy that is too long, no JSON, or wrong is refused', async () => {
    const lab = await openLab();
    const ann = lab.identities.createUser({ name: 'ann' });
    const role = lab.identities.createRole({
      name: 'r',
      trustPolicy: trustPrincipals({ principals: [ann.arn] }),
    });
    const refuse = async (Policy: string, name: string): Promise<string> =>
      refusalOf(assume(lab, ann, { RoleArn: role.arn, Policy }), name);
    await refuse(' '.repeat(2049), 'ValidationError');
    await refuse('{', 'MalformedPolicyDocumentException');
    const odd = policy({ Effect: 'Allow', Action: '*', Resource: '*', Condition: { Odd: { a: 'b' } } });
    expect(await refuse(JSON.stringify(odd), 'MalformedPolicyDocumentException')).toContain('"Odd"');
    const managed = assume(lab, ann, {
      RoleArn: role.arn,
      PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }],
    });
    expect(await refusalOf(managed, 'ValidationError')).toContain('does not support PolicyArns');
  });

  test('a session may do what its role may do now, not what it could when it began', async () => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    const role = lab.identities.createRole({
      name: 'r',
      trustPolicy: trustPrincipals({ principals: ['111122223333'] }),
      policies: keyUsePolicy({ keyArn }),
    });
    const kms = kmsAs(lab, lab.sessions.mint({ roleArn: role.arn }));
    const call = new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256' });
    await kms.send(call);
    lab.identities.updateRole({ arn: role.arn, policies: [] });
    await refusalOf(kms.send(call), 'AccessDeniedException');
  });
});

describe('web identities', () => {
  const issuer = 'https://oidc.example.test/id/cluster-1';
  const subject = 'system:serviceaccount:prod:delegate';
  const audience = 'sts.amazonaws.com';

  async function webLab(): Promise<{
    lab: AwsLab;
    roleArn: string;
    present: (token: string) => Promise<AssumeRoleCommandOutput>;
  }> {
    const lab = await openLab();
    const provider = lab.identities.addOidcProvider({ issuer, audiences: [audience] });
    const role = lab.identities.createRole({
      name: 'pod',
      trustPolicy: trustWebIdentity({ providerArn: provider.arn, subject, audience }),
      maxSessionSeconds: 7200,
    });
    const sts = stsAs(lab, { accessKeyId: 'unused', secretAccessKey: 'unused' });
    return {
      lab,
      roleArn: role.arn,
      present: async (WebIdentityToken) =>
        sts.send(
          new AssumeRoleWithWebIdentityCommand({
            RoleArn: role.arn,
            RoleSessionName: 'pod-1',
            WebIdentityToken,
            DurationSeconds: 7200,
          }),
        ),
    };
  }

  test('a token of the issuer for the subject gives a session, of more than an hour if the role allows', async () => {
    const { lab, present } = await webLab();
    const token = lab.identities.issueWebIdentityToken({ issuer, subject, audience });
    const output = await present(token);
    const identity = await stsAs(lab, sessionOf(output)).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe('arn:aws:sts::111122223333:assumed-role/pod/pod-1');
    expect(JSON.stringify(lab.calls())).not.toContain(token);
  });

  test('another subject is refused, and a token that is foreign, forged, expired or for somebody else does not count', async () => {
    const { lab, present } = await webLab();
    const issue = (options: WebIdentityOptions): string => lab.identities.issueWebIdentityToken(options);
    const good = issue({ issuer, subject, audience });
    const denied = present(issue({ issuer, subject: 'system:serviceaccount:test:delegate', audience }));
    expect(await refusalOf(denied, 'AccessDenied')).toBe(
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    );
    const foreign = issue({ issuer: 'https://evil.example.test', subject, audience });
    const [header = '', , mac = ''] = good.split('.');
    const claims = Buffer.from(JSON.stringify({ iss: issuer, sub: subject, aud: audience, exp: 4e9 }));
    const forged = `${header}.${claims.toString('base64url')}.${mac}`;
    const noSignature = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims.toString('base64url')}.`;
    const wrongAudience = issue({ issuer, subject, audience: 'other' });
    for (const token of [foreign, forged, noSignature, wrongAudience, 'junk']) {
      await refusalOf(present(token), 'InvalidIdentityTokenException');
    }
    const expired = issue({ issuer, subject, audience, expiresInSeconds: -1 });
    await refusalOf(present(expired), 'ExpiredTokenException');
  });
});
