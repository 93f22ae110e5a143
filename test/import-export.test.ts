// Secrets come in from files and from Vault, and go out in the forms of other programs, through the real command: planned first, row by row,
// safe to repeat, and never shown.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { startFakeVault } from '../packages/cli/test/fake-vault-server.ts';
import { VaultClient } from '../packages/cli/test/vault-client.ts';
import { finished, untilWritten, Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished } from '../packages/cli/test/sallyport.ts';
import { Deployment, pieces } from './harness/deployment.ts';

const AT = ['--app', 'shop', '--env', 'prod'];

let place: Workplace;
let deployment: Deployment;

beforeAll(async () => {
  place = await Workplace.make();
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'one' });
  const { client } = deployment;
  await client.call('createSecretsManager', { body: { name: 'keys', settings: { kind: 'built-in' } } });
  await client.call('createApplication', { body: { name: 'shop' } });
  for (const name of ['prod', 'dev', 'vault']) {
    await client.call('createEnvironment', {
      params: { application: 'shop' },
      body: { name, type: 'production' },
    });
  }
}, 60_000);
afterAll(async () => {
  await deployment.close();
  await place[Symbol.asyncDispose]();
});

async function sallyport(
  words: string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  const env = { SALLYPORT_ADDR: deployment.address, SALLYPORT_TOKEN: deployment.token, ...options.env };
  return place.run(words, { ...options, env });
}
const json = ({ stdout }: Finished): unknown => JSON.parse(stdout);

describe('import', () => {
  test('plans first and writes nothing, then writes, then has nothing left to do', async () => {
    await writeFile(join(place.folder, '.env'), 'DB_URL=postgres://geheim\nAPI_KEY="s3 cret"\nEMPTY=\n');
    const dry = await sallyport(['import', '.env', ...AT, '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringMatching(/DB_URL +text +17 B +create\n/)]);
    expect(dry.stdout).toMatch(/EMPTY +text +0 B +invalid +its value is empty/);
    expect(dry.stdout + dry.stderr).not.toMatch(/geheim|s3 cret/);
    expect(
      await Array.fromAsync(deployment.client.list({ application: 'shop', environment: 'prod' })),
    ).toEqual([]);

    const done = await sallyport(['import', '.env', ...AT]);
    expect([done.code, done.stderr]).toEqual([
      10,
      expect.stringContaining('Stored 2 of 3 values; 1 could not be.'),
    ]);
    expect(done.stdout).toMatch(/DB_URL +version 1/);
    expect(await deployment.client.get('sally://shop/prod/DB_URL')).toBe('postgres://geheim');
    const { secret } = await deployment.client.describe('sally://shop/prod/API_KEY');
    expect(secret.scope).toMatchObject({ type: 'rows', rows: [{ environments: [{ name: 'prod' }] }] });

    const again = json(await sallyport(['import', '.env', ...AT, '--compare', '-o', 'json']));
    expect(again).toMatchObject([{ action: 'unchanged' }, { action: 'unchanged' }, { action: 'invalid' }]);
  });

  test('writes only what differs with --compare, and leaves alone what is there with --skip-existing', async () => {
    const at = ['--app', 'shop', '--env', 'dev', '-o', 'json'];
    const source = (changed: string) => JSON.stringify({ a: 'same', nested: { b: changed } });
    expect((await sallyport(['import', '-', '--from', 'json', ...at], { input: source('one') })).code).toBe(
      0,
    );
    const compared = await sallyport(['import', '-', '--from', 'json', '--compare', ...at], {
      input: source('two'),
    });
    expect(json(compared)).toMatchObject([
      { name: 'a', action: 'unchanged', version: null },
      { name: 'nested-b', action: 'update', version: 2 },
    ]);
    const skipped = await sallyport(['import', '-', '--from', 'json', '--skip-existing', ...at], {
      input: source('three'),
    });
    expect(json(skipped)).toMatchObject([{ action: 'skip' }, { action: 'skip' }]);
    expect(await deployment.client.get('sally://shop/dev/nested-b')).toBe('two');
  });

  test('takes a tree from Vault, with files where values are no text, and goes on where rows fail', async () => {
    await using vault = await startFakeVault();
    const filling = new VaultClient(vault);
    const at = ['--app', 'shop', '--env', 'vault'];
    await filling.put('team/db', { user: 'app', password: 'geheim' });
    await filling.put('team/big', { value: 'x'.repeat(1_048_577) });
    await filling.put('team/_odd', { value: 'x' });
    await deployment.client.set('sally://shop/vault/big', 'a text');
    const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token };
    const done = await sallyport(['import', 'secret/team', '--from', 'vault', ...at, '-o', 'json'], { env });
    expect(done.code).toBe(10);
    expect(json(done)).toMatchObject([
      { name: '_odd', action: 'invalid' },
      { name: 'big', kind: 'file', action: 'conflict' },
      { name: 'db-password', action: 'create', version: 1 },
      { name: 'db-user', action: 'create', version: 1 },
    ]);
    const prefixed = await sallyport(
      ['import', 'secret/team/big', '--from', 'vault', ...at, '--prefix', 'v-', '-o', 'json'],
      { env },
    );
    expect(json(prefixed)).toMatchObject([{ name: 'v-big', kind: 'file', version: 1 }]);
    expect(await deployment.client.get('sally://shop/vault/v-big')).toHaveLength(1_048_577);
    expect(done.stdout + done.stderr).not.toContain('geheim');
  });

  test('names each secret of Vault that it leaves behind, and fails only for those that it should have had', async () => {
    await using vault = await startFakeVault();
    const filling = new VaultClient(vault);
    await filling.put('left/open/a', { value: 'geheim' });
    await filling.put('left/open/gone', { value: 'geheim' });
    await filling.remove('left/open/gone');
    await filling.put('left/closed/b', { value: 'geheim' });
    const token = await filling.tokenFor('left', {
      'secret/data/left/*': 'read',
      'secret/metadata/left': 'list',
      'secret/metadata/left/open/*': 'list',
    });
    const at = ['--from', 'vault', '--app', 'shop', '--env', 'vault', '--prefix', 'left-', '-o', 'json'];
    const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: token };
    const open = await sallyport(['import', 'secret/left/open', ...at], { env });
    expect([open.code, json(open)]).toEqual([
      0,
      [
        expect.objectContaining({ name: 'left-a', action: 'create', version: 1 }),
        expect.objectContaining({ name: 'left-gone', action: 'skip', version: null, kind: null }),
      ],
    ]);
    const all = await sallyport(['import', 'secret/left', ...at, '--skip-existing'], { env });
    expect([all.code, json(all)]).toMatchObject([
      10,
      [
        { name: 'left-left', action: 'skip' },
        { name: 'left-closed/', action: 'unreadable', reason: 'Vault does not let this token list it' },
        { name: 'left-open-a', version: 1 },
        { name: 'left-open-gone', action: 'skip', reason: 'its newest version, 1, is deleted in Vault' },
      ],
    ]);
    expect(all.stderr).toContain('Stored 1 of 4 values; 1 could not be.');
  });

  test('interrupted, tells what was stored, and goes on from there when it is run again', async () => {
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`many-${index}`, 'x']));
    await writeFile(join(place.folder, 'many.json'), JSON.stringify(values));
    const words = ['import', 'many.json', '--app', 'shop', '--env', 'dev', '-o', 'json'];
    // A folder in which no delegate is known: meeting it is told when the first value is written.
    const env = {
      SALLYPORT_ADDR: deployment.address,
      SALLYPORT_TOKEN: deployment.token,
      XDG_CONFIG_HOME: join(place.folder, 'met-nobody'),
    };
    const child = place.start(words, { env });
    const end = finished(child);
    await untilWritten(child, 'for the first time');
    child.kill('SIGINT');
    const stopped = await end;
    const rows = json(stopped) as { version: number | null; reason: string | null }[];
    const stored = rows.filter(({ version }) => version === 1).length;
    expect(rows).toHaveLength(100);
    expect(rows.filter(({ reason }) => reason === 'Not tried: the import was interrupted')).toHaveLength(
      100 - stored,
    );
    expect([stopped.code, stopped.signal, stopped.stderr]).toEqual([
      10,
      null,
      expect.stringContaining(`Stored ${stored} of 100 values, then it was interrupted.`),
    ]);
    expect(stored).toBeLessThan(100);

    const again = await sallyport([...words, '--skip-existing']);
    const actions = Map.groupBy(json(again) as { action: string }[], ({ action }) => action);
    expect([again.code, actions.get('skip')?.length ?? 0, actions.get('create')?.length]).toEqual([
      0,
      stored,
      100 - stored,
    ]);
  });

  test.each([
    ['nothing', [], /SOURCE/],
    ['a file that is not there', ['missing.json'], /missing\.json cannot be read: ENOENT/],
    ['a file of which nobody knows what it is', ['secrets'], /--from/],
    ['Vault without its address', ['secret/x', '--from', 'vault'], /VAULT_ADDR/],
    ['both ways to treat what is there', ['.env', '--compare', '--skip-existing'], /not both/],
  ])('refuses %s, and says what to do', async (_, words, expected) => {
    const { code, stderr } = await sallyport(['import', ...words]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(expected)]);
  });
});

describe('export', () => {
  const VALUES = { 'db-password': "it's here", pem: '-----BEGIN-----\nabc\n', plain: 'abc' };

  beforeAll(async () => {
    const { client } = deployment;
    await client.call('createApplication', { body: { name: 'out' } });
    await client.call('createEnvironment', {
      params: { application: 'out' },
      body: { name: 'prod', type: 'production' },
    });
    for (const [name, value] of Object.entries(VALUES)) await client.set(`sally://out/prod/${name}`, value);
  });
  const exported = (...words: string[]): Promise<Finished> =>
    sallyport(['export', '--app', 'out', '--env', 'prod', '--format', ...words]);

  test('has everything of a place, as json and as yaml', async () => {
    expect(JSON.parse((await exported('json')).stdout)).toEqual(VALUES);
    expect(parseYaml((await exported('yaml')).stdout)).toEqual(VALUES);
  });

  test('leaves out what --exclude names, which has to be there', async () => {
    const { pem: _, ...others } = VALUES;
    expect(JSON.parse((await exported('json', '--exclude', 'PEM')).stdout)).toEqual(others);
    const { code, stderr } = await exported('json', '--exclude', 'nowhere');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--exclude names "nowhere"')]);
  });

  test('writes a file that its owner alone can read, all or nothing', async () => {
    const written = await exported('dotenv', '--out', 'app.env');
    expect([written.code, written.stderr]).toEqual([0, expect.stringContaining('Wrote 3 values')]);
    const path = join(place.folder, 'app.env');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(parseEnv(await readFile(path, 'utf8'))).toEqual({
      DB_PASSWORD: "it's here",
      PEM: VALUES.pem,
      PLAIN: 'abc',
    });
  });

  test('what is exported is imported again as it was', async () => {
    const text = (await exported('yaml')).stdout;
    const again = [
      'import',
      '-',
      '--from',
      'yaml',
      '--app',
      'out',
      '--env',
      'prod',
      '--compare',
      '-o',
      'json',
    ];
    const actions = json(await sallyport(again, { input: text })) as { action: string }[];
    expect(actions.map(({ action }) => action)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  test('is one secret or several by name, files and large ones too', async () => {
    const large = Buffer.alloc(1_200_000, 'l');
    await deployment.client.upload('sally://out/prod/large', pieces(large));
    const { stdout } = await exported('yaml', '--secret', 'large', '--secret', 'plain');
    const read = parseYaml(stdout);
    expect(Object.keys(read)).toEqual(['large', 'plain']);
    expect(read.large === large.toString()).toBe(true);
    const refused = await exported('k8s-secret', '--secret', 'large');
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    const manifest = await exported('k8s-secret', '--secret', 'plain', '--name', 'out-secrets');
    expect(parseYaml(manifest.stdout)).toMatchObject({ metadata: { name: 'out-secrets' } });
  });

  test.each([
    ['no format', ['--secret', 'x'], 2, /--format FORMAT .*--envelopes FOLDER/],
    ['no place and no name', ['--format', 'json'], 2, /--app and --env, or --secret/],
    [
      'flags of the other kind',
      ['--envelopes', 'x', '--format', 'json'],
      2,
      /--format is for an export of values/,
    ],
    ['a name for another format', ['--format', 'json', '--secret', 'x', '--name', 'y'], 2, /k8s-secret/],
    [
      'a secret that is not there',
      ['--format', 'json', '--secret', 'nowhere'],
      4,
      /nowhere: There is no[^]*code: not-found/,
    ],
  ])('refuses %s', async (_, words, expectedCode, expected) => {
    const { code, stdout, stderr } = await sallyport(['export', ...words]);
    expect([code, stdout, stderr]).toEqual([expectedCode, '', expect.stringMatching(expected)]);
  });
});
