// The two doors to a lab that runs on its own: the control port for other processes, the state file for the next start.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecryptCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { seedDemo, startAwsLab } from '../src/aws-lab/index.ts';
import type { AwsLab, ControlAccess } from '../src/aws-lab/index.ts';
import { kmsAs, openLab, refusalOf, stsAs } from './lab-world.ts';

async function control(
  access: ControlAccess,
  body: unknown,
  token: string = access.token,
): Promise<{ status: number; answer: { result?: unknown; error?: { code: string; message: string } } }> {
  const response = await fetch(access.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as never };
}

async function controlled(): Promise<{ lab: AwsLab; access: ControlAccess }> {
  const lab = await openLab({ control: true });
  if (lab.control === null) throw new Error('no control port');
  return { lab, access: lab.control };
}

describe('the control port', () => {
  test('is closed unless asked for', async () => {
    const lab = await openLab();
    expect(lab.control).toBeNull();
    expect((await fetch(`${lab.url}/control`, { method: 'POST', body: '{}' })).status).toBe(404);
  });

  test('refuses a missing or wrong token, and does nothing then', async () => {
    const { lab, access } = await controlled();
    for (const token of ['', 'x', `${access.token}x`]) {
      const { status, answer } = await control(access, { method: 'keys.create' }, token);
      expect([status, answer.error?.code]).toEqual([401, 'unauthenticated']);
    }
    expect(lab.keys.list()).toEqual([]);
  });

  test('steers the lab from another process', async () => {
    const { lab, access } = await controlled();
    const made = await control(access, { method: 'keys.create', args: { region: 'us-east-1' } });
    const { arn } = made.answer.result as { arn: string };
    expect(lab.keys.get(arn).region).toBe('us-east-1');
    await control(access, { method: 'keys.setState', args: { arn, state: 'Disabled' } });
    expect(lab.keys.get(arn).state).toBe('Disabled');
    const fault = await control(access, {
      method: 'faults.add',
      args: { service: 'imds', kind: 'throttle', times: 1 },
    });
    expect(fault.answer.result).toEqual({ id: '1' });
    expect((await fetch(`${lab.imdsEndpoint}/latest/api/token`, { method: 'PUT' })).status).toBe(503);
    const calls = await control(access, { method: 'calls', args: { service: 'imds' } });
    expect(calls.answer.result).toMatchObject([{ eventName: 'GetToken', fault: 'throttle' }]);
    expect((await control(access, { method: 'faults.hits', args: { id: '1' } })).answer.result).toBe(1);
    await control(access, { method: 'partition', args: { endpoint: 'imds' } });
    await expect(fetch(lab.imdsEndpoint)).rejects.toThrow();
    await control(access, { method: 'heal', args: { endpoint: 'imds' } });
    expect((await fetch(lab.imdsEndpoint)).status).toBe(200);
    const demo = await control(access, { method: 'seedDemo' });
    expect(demo.answer.result).toMatchObject({ roleArn: expect.stringContaining(':role/') });
  });

  test.each<[string, unknown, number, string]>([
    ['no JSON', '{', 400, 'invalid-request'],
    ['an unknown method', { method: 'keys.explode' }, 404, 'not-found'],
    ['a method of the prototype', { method: 'constructor' }, 404, 'not-found'],
    ['an unknown member', { method: 'keys.list', extra: 1 }, 400, 'invalid-request'],
    ['a misspelt field', { method: 'keys.create', args: { regoin: 'eu-west-1' } }, 400, 'invalid-request'],
    ['a mistyped field', { method: 'keys.create', args: { multiRegion: 'yes' } }, 400, 'invalid-request'],
    ['a missing field', { method: 'keys.rotate', args: {} }, 400, 'invalid-request'],
    ['arguments that are a list', { method: 'keys.list', args: [] }, 400, 'invalid-request'],
    ['a key that is not there', { method: 'keys.rotate', args: { arn: 'x' } }, 400, 'not-found'],
    ['an unknown state', { method: 'keys.setState', args: { arn: 'x', state: 'Odd' } }, 400, 'not-found'],
    ['an unknown endpoint', { method: 'partition', args: { endpoint: 's3' } }, 400, 'invalid-request'],
  ])('refuses %s', async (_name, body, status, code) => {
    const { access } = await controlled();
    const outcome = await control(access, body);
    expect([outcome.status, outcome.answer.error?.code]).toEqual([status, code]);
    expect(outcome.answer.result).toBeUndefined();
  });
});

describe('the state file', () => {
  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'sallyport-lab-'));
    onTestFinished(async () => rm(path, { recursive: true }));
    return path;
  }

  test('brings a lab back: old data keys open, keys, users, roles and running sessions work', async () => {
    const stateFile = join(await folder(), 'lab.json');
    const first = await startAwsLab({ stateFile });
    const demo = seedDemo(first);
    first.keys.rotate(demo.keyArn);
    const made = await kmsAs(first, demo).send(
      new GenerateDataKeyCommand({ KeyId: demo.keyArn, KeySpec: 'AES_256', EncryptionContext: { a: 'b' } }),
    );
    const session = first.sessions.mint({ roleArn: demo.roleArn });
    await first.close();

    const second = await openLab({ stateFile });
    const again = seedDemo(second);
    expect({ ...again, environment: {} }).toEqual({ ...demo, environment: {} });
    expect(second.imds.get().roleArn).toBe(demo.instanceRoleArn);
    const open = new DecryptCommand({
      KeyId: demo.keyAliasArn,
      CiphertextBlob: made.CiphertextBlob,
      EncryptionContext: { a: 'b' },
    });
    for (const who of [demo, session]) {
      expect((await kmsAs(second, who).send(open)).Plaintext).toEqual(made.Plaintext);
    }
    const assume = new AssumeRoleCommand({
      RoleArn: demo.roleArn,
      RoleSessionName: 'delegate-1',
      ExternalId: demo.externalId,
    });
    expect((await stsAs(second, demo).send(assume)).Credentials?.AccessKeyId).toMatch(/^ASIA/);
    second.sessions.expire(demo.roleArn);
    await refusalOf(stsAs(second, session).send(new GetCallerIdentityCommand({})), 'ExpiredToken');
  });

  test('is for its owner’s eyes only, and holds no secret access key, session or data key', async () => {
    const stateFile = join(await folder(), 'lab.json');
    const lab = await openLab({ stateFile });
    const demo = seedDemo(lab);
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(stateFile, 'utf8')).not.toContain(demo.secretAccessKey);
  });

  test('of another version, or no JSON at all, is refused and left as it is', async () => {
    const stateFile = join(await folder(), 'lab.json');
    for (const content of ['{"version":2}', 'junk', 'null']) {
      await writeFile(stateFile, content);
      await expect(startAwsLab({ stateFile })).rejects.toMatchObject({ code: 'config-invalid' });
      expect(await readFile(stateFile, 'utf8')).toBe(content);
    }
  });

  test('two labs of one seed and one key id open each other’s data keys, and of two seeds not', async () => {
    const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
    const blobOf = async (
      lab: AwsLab,
    ): Promise<{ blob: Uint8Array; open: (blob: Uint8Array) => Promise<unknown> }> => {
      const key = lab.keys.create({ keyId });
      const demo = lab.identities.createUser({
        name: 'ann',
        policies: { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
      });
      const kms = kmsAs(lab, demo);
      const made = await kms.send(new GenerateDataKeyCommand({ KeyId: key.arn, KeySpec: 'AES_256' }));
      return {
        blob: made.CiphertextBlob ?? new Uint8Array(),
        open: async (CiphertextBlob) => kms.send(new DecryptCommand({ KeyId: key.arn, CiphertextBlob })),
      };
    };
    const seed = '5a'.repeat(32);
    const [one, two, other] = [
      await blobOf(await openLab({ seed })),
      await blobOf(await openLab({ seed })),
      await blobOf(await openLab({ seed: 'a5'.repeat(32) })),
    ];
    await two.open(one.blob);
    await refusalOf(other.open(one.blob), 'InvalidCiphertextException');
  });
});
