// `sallyport doctor` with real processes: each thing that can be wrong is named at its stage, with what to do about it.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished } from '../packages/cli/test/sallyport.ts';
import { selfSigned } from '../packages/server/test/self-signed.ts';
import { keyUsePolicy } from '@sallyport/testkit/lab';
import { labTarget, settingsFor } from './harness/aws-targets.ts';
import { Deployment } from './harness/deployment.ts';

type Finding = { check: string; verdict: string; text: string; next: string | null; code: string | null };

let target: Awaited<ReturnType<typeof labTarget>>;
let place: Workplace;
let deployment: Deployment;

beforeAll(async () => {
  target = await labTarget();
  place = await Workplace.make();
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'one', environment: target.environment });
  const settings = {
    ...settingsFor(target, 'iam-role', ['one']),
    dataKeyCache: { maxAgeSeconds: 300, maxUses: 100 },
  };
  await deployment.client.call('createSecretsManager', { body: { name: 'kms', settings } });
}, 60_000);
afterAll(async () => {
  await deployment.close();
  await place[Symbol.asyncDispose]();
  await target.close();
});

async function doctor(words: string[] = [], env: Record<string, string> = {}): Promise<Finished> {
  const given = { SALLYPORT_ADDR: deployment.address, SALLYPORT_TOKEN: deployment.token, ...env };
  return place.run(['doctor', ...words], { env: given });
}
const findings = ({ stdout }: Finished): Finding[] => JSON.parse(stdout);
const find = (finished: Finished, check: string): Finding | undefined =>
  findings(finished).find((one) => one.check === check);

test('when all is well it exits with 0 and says where each thing came from', async () => {
  const { code, stdout, stderr } = await doctor();
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ok {4}address: http:\/\/127\.0\.0\.1:\d+, from SALLYPORT_ADDR$/m);
  expect(stdout).toMatch(/^ok {4}key: from SALLYPORT_TOKEN$/m);
  expect(stdout).toMatch(/^ok {4}key: valid: API key test/m);
  expect(stdout).toMatch(/^ok {4}clock: within \d+ s/m);
  expect(stdout).toMatch(/^ok {4}delegate one: connected, version .*, heard of \d+ s ago, selectors .*one/m);
  expect(stdout).toMatch(/^ok {4}secrets manager kms: can be used through one$/m);
  expect(stdout).toMatch(/^ok {4}last test of kms: Healthy on one, \d+ ms, just now$/m);
  expect(stdout).not.toContain(deployment.token);
});

test('--deep tells who each delegate is at AWS and where its credentials come from', async () => {
  const tried = find(await doctor(['--deep', '-o', 'json']), 'secrets manager kms at one');
  expect(tried).toMatchObject({
    verdict: 'ok',
    text: expect.stringMatching(/as arn:aws:sts::.*Credentials from: instance-profile/),
  });
});

test('what the last test found is told with its age and what to do; --tests shows it stage by stage', async () => {
  const { identities } = target.lab;
  const role = identities.roles().find(({ arn }) => arn.endsWith('/sallyport-delegate'));
  const arn = role?.arn ?? '';
  identities.updateRole({
    arn,
    policies: [keyUsePolicy({ keyArn: target.keyArn, actions: ['kms:GenerateDataKey'] })],
  });
  await deployment.client.call('testSecretsManager', { params: { secretsManager: 'kms' } });
  const looked = await doctor(['-o', 'json']);
  expect(looked.code).toBe(0);
  expect(find(looked, 'last test of kms')).toMatchObject({
    verdict: 'warn',
    text: 'Failing on one: missing kms:Decrypt, just now',
    next: expect.stringContaining('sallyport secrets-manager test "kms"'),
  });
  const env = { SALLYPORT_ADDR: deployment.address, SALLYPORT_TOKEN: deployment.token };
  const shown = await place.run(['secrets-manager', 'show', 'kms', '--tests'], { env });
  expect(shown.stdout).toMatch(/^health: +Failing on one: missing kms:Decrypt, just now$/m);
  expect(shown.stdout).toMatch(/^at one: +fails: missing kms:Decrypt, just now$/m);
  expect(shown.stdout).toMatch(/^Delegate one: FAILED$[^]*add this statement:$/m);
  identities.updateRole({ arn, policies: [keyUsePolicy({ keyArn: target.keyArn })] });
  await deployment.client.call('testSecretsManager', { params: { secretsManager: 'kms' } });
  const listed = await place.run(['secrets-manager', 'list'], { env });
  expect(listed.stdout).toMatch(/HEALTH[^]*Healthy on one, \d+ ms, just now/);
});

test('a delegate that shows another key than before is a failure of trust', async () => {
  const file = join(place.folder, 'known.json');
  const env = { SALLYPORT_KNOWN_DELEGATES: file };
  expect(find(await doctor(['-o', 'json'], env), 'trust of one')).toMatchObject({ verdict: 'skip' });
  await place.run(['delegate', 'trust', 'one', `SHA256:${'A'.repeat(43)}`, '--address', deployment.address], {
    env,
  });
  const changed = await doctor(['-o', 'json'], env);
  expect(changed.code).toBe(8);
  expect(find(changed, 'trust of one')).toMatchObject({
    verdict: 'fail',
    code: 'delegate-key-changed',
    next: expect.stringContaining('sallyport delegate trust "one" SHA256:'),
  });
});

test('without a server each step up to the one that fails is told', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const down = await doctor(['-o', 'json'], { SALLYPORT_ADDR: `http://127.0.0.1:${port}` });
  expect(down.code).toBe(6);
  expect(findings(down).at(-1)).toMatchObject({
    check: 'tcp',
    verdict: 'fail',
    text: expect.stringContaining('ECONNREFUSED'),
  });
  const unknown = await doctor(['-o', 'json'], { SALLYPORT_ADDR: 'https://no-such-host.invalid' });
  expect([unknown.code, findings(unknown).at(-1)]).toMatchObject([6, { check: 'dns', verdict: 'fail' }]);
  const plain = await doctor(['-o', 'json'], {
    SALLYPORT_ADDR: deployment.address.replace('http:', 'https:'),
  });
  expect([plain.code, findings(plain).at(-1)]).toMatchObject([6, { check: 'tls', verdict: 'fail' }]);
});

/** Answers everything like a server with this clock. */
async function impostor(answer: { body: string; date: Date }): Promise<{ server: Server; address: string }> {
  const server = createServer((_, response) => {
    response.sendDate = false;
    response.writeHead(200, { 'content-type': 'application/json', date: answer.date.toUTCString() });
    response.end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('a clock that is off, and something else at the address, are told', async () => {
  const body = '{"status":"ready","storage":"writable","delegatesConnected":0}';
  const late = await impostor({ body, date: new Date(Date.now() - 600_000) });
  const skewed = await doctor(['-o', 'json'], { SALLYPORT_ADDR: late.address });
  late.server.close();
  expect(find(skewed, 'clock')).toMatchObject({
    verdict: 'warn',
    text: expect.stringMatching(/\d+ s ahead of/),
  });
  const other = await impostor({ body: '<h1>It works</h1>', date: new Date() });
  const foreign = await doctor(['-o', 'json'], { SALLYPORT_ADDR: other.address });
  other.server.close();
  expect(find(foreign, 'server')).toMatchObject({
    verdict: 'fail',
    text: expect.stringContaining('not a Sallyport server'),
  });
});

test('a certificate of an authority that is not known is shown, and is fine once it is named', async () => {
  const { certificate, key } = selfSigned();
  const server = createTlsServer({ cert: certificate, key }, (_, response) => {
    response.end('{"status":"ready","storage":"writable","delegatesConnected":0}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { SALLYPORT_ADDR: `https://localhost:${(server.address() as AddressInfo).port}` };
  const unknown = await doctor(['-o', 'json'], env);
  expect([unknown.code, findings(unknown).at(-1)]).toMatchObject([
    6,
    {
      check: 'tls',
      verdict: 'fail',
      text: expect.stringMatching(/certificate of localhost, issued by localhost, valid until .*SELF_SIGNED/),
      next: expect.stringContaining('--ca-file'),
    },
  ]);
  await writeFile(join(place.folder, 'ca.pem'), certificate);
  const named = await doctor(['-o', 'json', '--ca-file', 'ca.pem'], env);
  expect([find(named, 'tls'), find(named, 'server')]).toMatchObject([{ verdict: 'ok' }, { verdict: 'ok' }]);
  const other = env.SALLYPORT_ADDR.replace('localhost', '127.0.0.1');
  const misnamed = await doctor(['-o', 'json', '--ca-file', 'ca.pem'], { SALLYPORT_ADDR: other });
  expect(findings(misnamed).at(-1)).toMatchObject({ check: 'tls', text: expect.stringContaining('ALTNAME') });
  server.close();
});

test('a key that is not valid, is not there, or lies open, is told', async () => {
  const invalid = await doctor(['-o', 'json'], { SALLYPORT_TOKEN: `sp_key_${'x'.repeat(43)}` });
  expect([invalid.code, findings(invalid).at(-1)]).toMatchObject([
    3,
    { check: 'key', code: 'unauthenticated' },
  ]);
  const missing = await doctor(['-o', 'json'], { SALLYPORT_TOKEN: '' });
  expect([missing.code, find(missing, 'key')]).toMatchObject([3, { verdict: 'fail' }]);
  expect(find(missing, 'server')).toMatchObject({ verdict: 'ok' });
  const file = join(place.folder, 'key');
  await writeFile(file, deployment.token);
  await chmod(file, 0o644);
  const open = await doctor(['-o', 'json'], { SALLYPORT_TOKEN: '', SALLYPORT_TOKEN_FILE: file });
  expect(findings(open)).toContainEqual(
    expect.objectContaining({
      check: 'config',
      verdict: 'warn',
      text: expect.stringContaining(`chmod 600 ${file}`),
    }),
  );
  expect(find(open, 'key')?.text).toBe(`from ${file}, named by SALLYPORT_TOKEN_FILE`);
});

test('a damaged configuration file and a missing address are told', async () => {
  await mkdir(join(place.folder, 'project'));
  await writeFile(join(place.folder, 'project', '.sallyport.json'), '{');
  const damaged = await place.run(['doctor', '-o', 'json'], { cwd: join(place.folder, 'project') });
  expect([damaged.code, findings(damaged).at(-1)]).toMatchObject([2, { check: 'config', verdict: 'fail' }]);
  const nowhere = await place.run(['doctor'], {});
  expect([nowhere.code, nowhere.stdout]).toEqual([
    2,
    expect.stringMatching(/^fail {2}address: No server address is given\.\n {6}next: /m),
  ]);
});

test('what the data-key cache of a delegate spares is told, as of its last heartbeat', async () => {
  await deployment.client.set('read-often', 'value');
  for (let read = 0; read < 3; read++) await deployment.client.get('read-often');
  const cache = async (): Promise<Finding | undefined> =>
    find(await doctor(['-o', 'json']), 'data keys at one');
  await expect.poll(cache, { timeout: 15_000, interval: 1000 }).toMatchObject({
    verdict: 'ok',
    text: '1 in memory; 3 uses took 1 call to key services, 67 % were spared',
  });
}, 30_000);

test('a delegate that is gone leaves its secrets manager without one, and that exits with 6', async () => {
  await deployment.delegates.get('one')?.stop();
  const gone = await doctor(['-o', 'json']);
  expect(gone.code).toBe(6);
  expect(find(gone, 'delegate one')).toMatchObject({
    verdict: 'warn',
    text: expect.stringContaining('disconnected'),
  });
  expect(find(gone, 'secrets manager kms')).toMatchObject({ verdict: 'fail', code: 'no-delegate' });
});
