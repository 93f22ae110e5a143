// The delegate as the one that finds out who a workload is at AWS: it has no credentials, trusts neither the workload nor the server, and
// its guard file can forbid it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { presignCallerIdentity } from '@sallyport/aws';
import type { IdentityRequest } from '@sallyport/aws';
import type { TaskOf } from '@sallyport/protocol';
import { seedDemo, startAwsLab } from '@sallyport/testkit/lab';
import type { AwsLab, LabDemo } from '@sallyport/testkit/lab';
import { DelegateFixture, makeFolder, newId } from './delegate-fixture.ts';

const AUDIENCE = 'https://sallyport.example.com';

let lab: AwsLab;
let demo: LabDemo;
beforeAll(async () => {
  lab = await startAwsLab();
  demo = seedDemo(lab);
});
afterAll(async () => lab.close());
beforeEach(() => lab.resetCalls());

/** As a workload with the demo's role makes it. */
async function signed(
  change: { audience?: string; nowMs?: number; region?: string } = {},
): Promise<IdentityRequest> {
  const credentials = lab.sessions.mint({ roleArn: demo.roleArn, sessionName: 'job' });
  const usual = { region: demo.region, credentials, audience: AUDIENCE, nowMs: Date.now() };
  return presignCallerIdentity({ ...usual, ...change });
}

function taskFor(request: IdentityRequest): TaskOf<'verify-aws-identity'> {
  const { url, headers, body } = request;
  return {
    kind: 'verify-aws-identity',
    taskId: newId('task'),
    timeoutMs: 10_000,
    request: { url, headers: { ...headers }, body },
    audience: AUDIENCE,
  };
}

/** A delegate whose environment knows where STS is and has no credentials. */
async function startDelegate(guard?: object) {
  const environment = { AWS_ENDPOINT_URL_STS: lab.stsEndpoint };
  if (guard === undefined) return DelegateFixture.start({ config: { environment }, access: null });
  const folder = await makeFolder();
  const guardFile = join(folder.path, 'guard.json');
  await writeFile(guardFile, JSON.stringify(guard), { mode: 0o600 });
  const it = await DelegateFixture.start({ config: { environment, guardFile }, access: null });
  await folder[Symbol.asyncDispose]();
  return it;
}

describe('a delegate that verifies an AWS identity', () => {
  test('names the session that signed the request', async () => {
    await using it = await startDelegate();
    const end = await it.connection.run(taskFor(await signed()));
    const [, , , , accountId] = demo.roleArn.split(':');
    const roleName = demo.roleArn.split('/').at(-1);
    expect(end).toMatchObject({
      type: 'result',
      result: {
        kind: 'verify-aws-identity',
        arn: `arn:aws:sts::${accountId}:assumed-role/${roleName}/job`,
        accountId,
        userId: expect.stringMatching(/^AROA\w+:job$/),
      },
    });
    expect(lab.calls().map(({ eventName }) => eventName)).toEqual(['GetCallerIdentity']);
  });

  test('refuses, and sends nothing for, a request of another server, of another day, or to another host', async () => {
    await using it = await startDelegate();
    const other = await signed({ audience: 'https://evil.example' });
    const old = await signed({ nowMs: Date.now() - 86_400_000 });
    const elsewhere = { ...(await signed()), url: `${lab.stsEndpoint}/` };
    for (const request of [other, old, elsewhere]) {
      const end = await it.connection.run(taskFor(request));
      expect(end).toMatchObject({ type: 'failure', error: { code: 'workload-refused' } });
    }
    expect(lab.calls()).toEqual([]);
  });

  test('refuses a request that was changed after it was signed', async () => {
    await using it = await startDelegate();
    const request = await signed({ audience: 'https://evil.example' });
    const headers = { ...request.headers, 'x-sallyport-audience': AUDIENCE };
    const end = await it.connection.run(taskFor({ ...request, headers }));
    expect(end).toMatchObject({
      type: 'failure',
      error: { code: 'workload-refused', message: expect.stringContaining('SignatureDoesNotMatch') },
    });
  });

  test('says that STS cannot be reached instead of blaming the workload', async () => {
    await using it = await startDelegate();
    const request = await signed();
    await lab.partition('sts');
    try {
      const end = await it.connection.run(taskFor(request));
      expect(end).toMatchObject({ type: 'failure', error: { code: 'aws-unreachable', retryable: true } });
    } finally {
      await lab.heal('sts');
    }
  });

  test.each([
    ['stsRegions', { stsRegions: [] }, 'delegate-refused'],
    ['stsRegions', { stsRegions: ['us-east-1'] }, 'workload-refused'],
    ['secretsManagerKinds', { secretsManagerKinds: ['built-in'] }, 'delegate-refused'],
  ])('asks nobody that its guard file does not allow: %s %o', async (_entry, guard, code) => {
    await using it = await startDelegate(guard);
    const end = await it.connection.run(taskFor(await signed()));
    expect(end).toMatchObject({ type: 'failure', error: { code } });
    expect(lab.calls()).toEqual([]);
  });

  test('asks in the regions that its guard file names', async () => {
    await using it = await startDelegate({ stsRegions: [demo.region] });
    expect(await it.connection.run(taskFor(await signed()))).toMatchObject({ type: 'result' });
  });
});
