// Contract cases of identities: who a caller is, AssumeRole and its limits, and what a wrong signature gets.
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts';
import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import { trustPrincipals } from '../aws-lab/index.ts';
import type { ContractCase } from './contract-case.ts';
import { expectRefusal } from './target.ts';
import type { ContractCredentials, ContractFixture } from './target.ts';

const EXTERNAL_ID = 'sallyport:contract-1';

async function roleFor(
  fixture: ContractFixture,
  options: { externalId?: string; maxSessionSeconds?: number } = {},
): Promise<string> {
  const { externalId, maxSessionSeconds } = options;
  return fixture.target.createRole({
    name: fixture.uniqueName('contract-role'),
    trustPolicy: trustPrincipals({
      principals: [fixture.target.admin.arn],
      ...(externalId === undefined ? {} : { externalId }),
    }),
    ...(maxSessionSeconds === undefined ? {} : { maxSessionSeconds }),
  });
}

async function assume(
  fixture: ContractFixture,
  input: AssumeRoleCommandInput,
): Promise<ContractCredentials & { expiresAtMs: number }> {
  const { Credentials } = await fixture.sts.send(new AssumeRoleCommand(input));
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
    expiresAtMs: Credentials?.Expiration?.getTime() ?? 0,
  };
}

export const STS_CASES = [
  {
    id: 'caller-identity-of-a-user',
    guarantee: 'GetCallerIdentity names the user and the account',
    run: async (fixture) => {
      const identity = await fixture.sts.send(new GetCallerIdentityCommand({}));
      expect(identity).toMatchObject({ Arn: fixture.target.admin.arn, Account: fixture.target.accountId });
    },
  },
  {
    id: 'assume-role',
    guarantee: 'AssumeRole gives a session that says who it is and ends when it was asked to',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture);
      const before = Date.now();
      const session = await assume(fixture, { RoleArn, RoleSessionName: 'delegate-1', DurationSeconds: 900 });
      // Expiration has whole seconds, and the call takes a while.
      expect(session.expiresAtMs).toBeGreaterThan(before + 898_000);
      expect(session.expiresAtMs).toBeLessThan(Date.now() + 902_000);
      const identity = await fixture.stsAs(session).send(new GetCallerIdentityCommand({}));
      const roleName = RoleArn.split('/')[1];
      expect(identity.Arn).toBe(
        `arn:aws:sts::${fixture.target.accountId}:assumed-role/${roleName}/delegate-1`,
      );
    },
  },
  {
    id: 'external-id-right-and-wrong',
    guarantee: 'a role that demands an external ID takes the right one and refuses a wrong one',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture, { externalId: EXTERNAL_ID });
      const request = { RoleArn, RoleSessionName: 'delegate-1' };
      const session = await assume(fixture, { ...request, ExternalId: EXTERNAL_ID });
      expect(session.accessKeyId).toMatch(/^ASIA/);
      await expectRefusal(assume(fixture, { ...request, ExternalId: 'sallyport:other' }), 'AccessDenied');
    },
  },
  {
    id: 'external-id-missing',
    guarantee: 'a role that demands an external ID refuses a call without one',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture, { externalId: EXTERNAL_ID });
      await expectRefusal(assume(fixture, { RoleArn, RoleSessionName: 'delegate-1' }), 'AccessDenied');
    },
  },
  {
    id: 'unknown-role',
    guarantee: 'an unknown role is refused like one that the caller may not assume',
    run: async (fixture) => {
      const RoleArn = `arn:aws:iam::${fixture.target.accountId}:role/there-is-no-such-role`;
      await expectRefusal(assume(fixture, { RoleArn, RoleSessionName: 'delegate-1' }), 'AccessDenied');
    },
  },
  {
    id: 'session-name-too-long',
    guarantee: 'a session name of 65 characters is a ValidationError',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture);
      await expectRefusal(assume(fixture, { RoleArn, RoleSessionName: 'x'.repeat(65) }), 'ValidationError');
    },
  },
  {
    id: 'session-name-and-external-id-forms',
    guarantee: 'session names and external IDs out of AWS’s pattern or length are ValidationErrors',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture);
      for (const RoleSessionName of ['x', 'a b', 'délégué']) {
        await expectRefusal(assume(fixture, { RoleArn, RoleSessionName }), 'ValidationError');
      }
      for (const ExternalId of ['x', 'a b', 'x'.repeat(1225)]) {
        const call = assume(fixture, { RoleArn, RoleSessionName: 'delegate-1', ExternalId });
        await expectRefusal(call, 'ValidationError');
      }
    },
  },
  {
    id: 'duration-bounds',
    guarantee: 'a duration below 900 or above 43,200 seconds is a ValidationError',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture, { maxSessionSeconds: 43_200 });
      for (const DurationSeconds of [-5, 0, 899, 43_201]) {
        const call = assume(fixture, { RoleArn, RoleSessionName: 'delegate-1', DurationSeconds });
        await expectRefusal(call, 'ValidationError');
      }
    },
  },
  {
    id: 'duration-above-the-role-maximum',
    guarantee: 'a duration above the role’s maximum is a ValidationError that says so',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture, { maxSessionSeconds: 3600 });
      const call = assume(fixture, { RoleArn, RoleSessionName: 'delegate-1', DurationSeconds: 3601 });
      expect(await expectRefusal(call, 'ValidationError')).toContain('MaxSessionDuration');
    },
  },
  {
    id: 'wrong-secret',
    guarantee: 'a signature made with another secret key is refused',
    run: async (fixture) => {
      const sts = fixture.stsAs({ ...fixture.target.admin, secretAccessKey: 'x'.repeat(40) });
      await expectRefusal(sts.send(new GetCallerIdentityCommand({})), 'SignatureDoesNotMatch');
    },
  },
  {
    id: 'unknown-access-key',
    guarantee: 'an unknown access key id is refused',
    run: async (fixture) => {
      const sts = fixture.stsAs({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) });
      await expectRefusal(sts.send(new GetCallerIdentityCommand({})), 'InvalidClientTokenId');
    },
  },
  {
    id: 'wrong-session-token',
    guarantee: 'a session with another session token is refused',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture);
      const session = await assume(fixture, { RoleArn, RoleSessionName: 'delegate-1' });
      const sts = fixture.stsAs({ ...session, sessionToken: `${session.sessionToken}x` });
      await expectRefusal(sts.send(new GetCallerIdentityCommand({})), 'InvalidClientTokenId');
    },
  },
  {
    id: 'web-identity-junk',
    guarantee: 'a web identity token that is none is an InvalidIdentityToken',
    run: async (fixture) => {
      const RoleArn = await roleFor(fixture);
      const call = new AssumeRoleWithWebIdentityCommand({
        RoleArn,
        RoleSessionName: 'delegate-1',
        WebIdentityToken: 'this.is.junk',
      });
      await expectRefusal(fixture.sts.send(call), 'InvalidIdentityTokenException');
    },
  },
] as const satisfies readonly ContractCase[];
