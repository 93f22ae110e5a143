// The recovery drill: everything is exported as envelopes, everything of ours is stopped and deleted, and AWS's own tools open what is left
// with the key alone. Then what an export promises about itself: continued, never mixed up, recorded.
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoMoto } from '@sallyport/testkit';
import { Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished } from '../packages/cli/test/sallyport.ts';
import { labTarget, motoTarget, settingsFor } from './harness/aws-targets.ts';
import type { AwsTarget } from './harness/aws-targets.ts';
import { Deployment, pieces } from './harness/deployment.ts';

const MIB = 1_048_576;
const TYPES = ['sts-role', 'access-keys'] as const;
const motoMissing = whyNoMoto();
const AWS_CLI = spawnSync('aws-encryption-cli', ['--version'], { stdio: 'ignore' }).error === undefined;

type Line = Record<'id' | 'name' | 'file' | 'sha256' | 'createdBy', string> & {
  version: number;
  isNewest: boolean;
  provider: string;
  keyArn: string | null;
  bytes: number;
  encryptionContext: Record<string, string>;
};

async function indexOf(folder: string): Promise<Line[]> {
  const text = await readFile(join(folder, 'index.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line));
}

/** What a folder of opened values holds, by name and version. */
async function valuesIn(folder: string): Promise<Map<string, Buffer>> {
  const values = new Map<string, Buffer>();
  for (const file of await readdir(folder)) {
    values.set(file.split(' ')[0] ?? '', await readFile(join(folder, file)));
  }
  return values;
}

function connected(place: Workplace, deployment: Deployment) {
  const env = { SALLYPORT_ADDR: deployment.address, SALLYPORT_TOKEN: deployment.token };
  return (words: string[]): Promise<Finished> => place.run(words, { env });
}

describe.each([
  ['the AWS lab', labTarget, null],
  ['moto', motoTarget, motoMissing],
] as const)('with keys at %s', (_, startTarget, missing) => {
  test.skipIf(missing !== null)(
    `an export opens with AWS’s own tools after all of ours is gone${missing === null ? '' : ` (${missing})`}`,
    async () => {
      const target: AwsTarget = await startTarget();
      await using place = await Workplace.make();
      const deployment = await Deployment.start();
      await deployment.startDelegate({ name: 'one', environment: target.environment });
      const { client } = deployment;
      const expected = new Map<string, Buffer>();
      const large = randomBytes(2.5 * MIB);
      for (const type of TYPES) {
        const options = { secretsManager: type };
        await client.call('createSecretsManager', {
          body: { name: type, settings: settingsFor(target, type, ['one']) },
        });
        for (const version of [1, 2]) {
          await client.set(`${type}-text`, `text ${version} of ${type}`, options);
          expected.set(`${type}-text@${version}`, Buffer.from(`text ${version} of ${type}`));
        }
        await client.upload(`${type}-file`, pieces(large), options);
        expected.set(`${type}-file@1`, large);
      }
      const exported = await connected(place, deployment)(['export', '--envelopes', 'backup']);
      expect([exported.code, exported.stdout]).toEqual([0, '']);
      // The end of everything of ours: processes, database, root key, delegates' folders.
      await deployment.close();

      const folder = join(place.folder, 'backup');
      const lines = await indexOf(folder);
      expect(lines).toHaveLength(expected.size);
      expect(lines.every(({ provider, keyArn }) => provider === 'aws-kms' && keyArn === target.keyArn)).toBe(
        true,
      );
      const env = {
        PATH: process.env['PATH'] ?? '',
        AWS_ENDPOINT_URL_KMS: target.environment['AWS_ENDPOINT_URL_KMS'] ?? '',
        AWS_ACCESS_KEY_ID: target.accessKeyId,
        AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
        AWS_REGION: target.region,
        AWS_DEFAULT_REGION: target.region,
      };
      await symlink(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
      await run(process.execPath, ['open.mjs'], { cwd: folder, env });
      expect(await valuesIn(join(folder, 'values'))).toEqual(expected);

      // It takes its time, so once is enough.
      if (AWS_CLI && startTarget === labTarget) {
        const [line] = lines.filter(({ name }) => name === 'sts-role-file');
        const words = ['--decrypt', '--wrapping-keys', `key=${line?.keyArn}`, '--suppress-metadata'];
        const policy = ['--commitment-policy', 'require-encrypt-require-decrypt'];
        const decrypt = async (...more: string[]): Promise<void> => {
          await run('aws-encryption-cli', [...words, ...policy, ...more], { cwd: folder, env });
        };
        // All of them in one go, and one with what it must have been bound to.
        await mkdir(join(folder, 'by-cli'));
        await decrypt('--input', 'envelopes', '--recursive', '--output', 'by-cli', '--suffix');
        for (const { file, name, version } of lines) {
          const opened = await readFile(join(folder, file.replace(/^envelopes/, 'by-cli')));
          expect(opened.equals(expected.get(`${name}@${version}`) ?? Buffer.alloc(0))).toBe(true);
        }
        const context = [`sallyport:secret=${line?.id}`, `sallyport:version=${line?.version}`];
        await decrypt('--input', line?.file ?? '', '--output', 'one', '--encryption-context', ...context);
        expect((await readFile(join(folder, 'one'))).equals(large)).toBe(true);
      }
      await target.close();
    },
    120_000,
  );
});

describe('an export', () => {
  let place: Workplace;
  let deployment: Deployment;
  let sallyport: (words: string[]) => Promise<Finished>;

  beforeAll(async () => {
    place = await Workplace.make();
    deployment = await Deployment.start();
    await deployment.startDelegate({ name: 'one' });
    const { client } = deployment;
    await client.call('createSecretsManager', { body: { name: 'keys', settings: { kind: 'built-in' } } });
    for (const version of [1, 2, 3]) await client.set('text', `value ${version}`);
    await client.set('other', 'other value');
    await client.upload('file', pieces(Buffer.alloc(2 * MIB, 'file')));
    sallyport = connected(place, deployment);
  }, 60_000);
  afterAll(async () => {
    await deployment.close();
    await place[Symbol.asyncDispose]();
  });

  const exportTo = (folder: string, ...more: string[]): Promise<Finished> =>
    sallyport(['export', '--envelopes', folder, ...more, '-o', 'json']);
  const counts = ({ stdout }: Finished): unknown => JSON.parse(stdout);

  test('has every version, or with --newest the newest of each', async () => {
    expect(counts(await exportTo('all'))).toMatchObject({ envelopes: 5, written: 5, kept: 0 });
    expect(counts(await exportTo('newest', '--newest'))).toMatchObject({ envelopes: 3 });
    const all = await indexOf(join(place.folder, 'all'));
    const newest = await indexOf(join(place.folder, 'newest'));
    expect(newest).toEqual(all.filter(({ isNewest }) => isNewest));
    expect(all.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual([
      'file@1',
      'other@1',
      'text@1',
      'text@2',
      'text@3',
    ]);
    const head = JSON.parse(await readFile(join(place.folder, 'all', 'export.json'), 'utf8'));
    expect(head).toMatchObject({ newestOnly: false, envelopes: 5, finishedAt: expect.any(String) });
  });

  test('is continued: what is missing or damaged is fetched again, and nothing else', async () => {
    expect((await exportTo('twice')).code).toBe(0);
    const folder = join(place.folder, 'twice');
    const [missing, cut] = (await indexOf(folder)).map(({ file }) => join(folder, file));
    await unlink(missing ?? '');
    await truncate(cut ?? '', 10);
    await writeFile(join(folder, 'export.json.00.part'), 'left by a run that was killed');
    await deployment.client.set('text', 'value 4');
    expect(counts(await exportTo('twice'))).toMatchObject({ envelopes: 6, written: 3, kept: 3 });
    expect(counts(await exportTo('twice'))).toMatchObject({ envelopes: 6, written: 0, kept: 6 });
  });

  test('of built-in keys opens with the key ring of the delegate', async () => {
    expect((await exportTo('ring')).code).toBe(0);
    const folder = join(place.folder, 'ring');
    await symlink(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
    const env = { KEY_RING: join(deployment.folder, 'delegate-one', 'key-ring.json') };
    await run(process.execPath, ['open.mjs', 'other'], { cwd: folder, env });
    expect(await valuesIn(join(folder, 'values'))).toEqual(
      new Map([['other@1', Buffer.from('other value')]]),
    );
  });

  test('a file put in the place of another one is not taken for it', async () => {
    expect((await exportTo('swapped')).code).toBe(0);
    const folder = join(place.folder, 'swapped');
    const lines = await indexOf(folder);
    const fileOf = (name: string): string =>
      join(folder, lines.find((line) => line.name === name)?.file ?? '');
    await cp(fileOf('text'), fileOf('other'));
    await symlink(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
    const env = { ...process.env, KEY_RING: join(deployment.folder, 'delegate-one', 'key-ring.json') };
    const opened = spawnSync(process.execPath, ['open.mjs', 'other'], { cwd: folder, env, encoding: 'utf8' });
    expect([opened.status, opened.stderr]).toEqual([
      1,
      expect.stringContaining('it belongs to another sallyport:'),
    ]);
    expect((await readdir(join(folder, 'values'))).filter((name) => !name.endsWith('.part'))).toEqual([]);
  });

  test('is not written into a folder of something else, or of another server', async () => {
    const foreign = await mkdtemp(join(tmpdir(), 'sallyport-foreign-'));
    await writeFile(join(foreign, 'thesis.tex'), 'x');
    const refused = await exportTo(foreign);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('not empty')]);
    expect(await readdir(foreign)).toEqual(['thesis.tex']);
    await unlink(join(foreign, 'thesis.tex'));
    expect((await exportTo(foreign)).code).toBe(0);
    const path = join(foreign, 'export.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"acc_\w+"/, '"acc_of_somebody_else"'));
    const other = await exportTo(foreign);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('acc_of_somebody_else')]);
    await rm(foreign, { recursive: true });
  });

  test('is readable by its owner only, and holds no value', async () => {
    expect((await exportTo('private')).code).toBe(0);
    const folder = join(place.folder, 'private');
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const file of files) {
      const { mode } = await stat(join(file.parentPath, file.name));
      expect(mode & 0o077, file.name).toBe(0);
      if (!file.isFile()) continue;
      const content = await readFile(join(file.parentPath, file.name));
      expect(content.includes('other value') || content.includes('value 3')).toBe(false);
    }
  });

  test('is recorded for each secret before an envelope leaves, with its versions', async () => {
    expect((await exportTo('recorded')).code).toBe(0);
    const { id } = (await deployment.client.describe('file')).secret;
    const query = { action: 'secret.exported', resource: id, limit: 1 };
    const { records } = await deployment.client.call('listAudit', { query });
    expect(records).toMatchObject([{ resourceName: 'file', details: { versions: [1] } }]);
  });
});

async function run(
  program: string,
  words: string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile(program, words, options, (error, _, stderr) =>
      error === null ? resolve() : reject(new Error(`${error.message}\n${stderr}`)),
    );
  });
}
