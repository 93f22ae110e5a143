// Imports from Vault and OpenBao. The pretended server, and each real one that is installed, are held to the same answers and come to the
// same rows; what needs an overloaded, sealed or far-away server is shown with the pretended one alone.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAppError } from '@sallyport/core';
import { selfSigned } from '../../server/test/self-signed.ts';
import { readEnvironment } from '../src/config/environment.ts';
import type { ImportRow } from '../src/import/import-row.ts';
import { vaultAccess } from '../src/import/vault-access.ts';
import { readVault } from '../src/import/vault-source.ts';
import { startFakeVault } from './fake-vault-server.ts';
import type { FakeVault } from './fake-vault-server.ts';
import { installedVaults, startRealVault } from './real-vault-server.ts';
import { Workplace } from './sallyport.ts';
import { VaultClient } from './vault-client.ts';

type Server = AsyncDisposable & { address: string; token: string };
type Asked = { mount?: string; token?: string; namespace?: string };

/** Rows as `path` → text, or why there is none. */
function shown(rows: readonly ImportRow[]): Record<string, string> {
  return Object.fromEntries(
    rows.map(({ path, value, absence }) => [
      path.join('/'),
      absence === undefined ? Buffer.from(value).toString() : `(${absence.action}: ${absence.reason})`,
    ]),
  );
}

async function readFrom(server: Server, path: string, asked: Asked = {}): Promise<Record<string, string>> {
  const variables = {
    VAULT_ADDR: server.address,
    VAULT_TOKEN: asked.token ?? server.token,
    ...(asked.namespace === undefined ? {} : { VAULT_NAMESPACE: asked.namespace }),
  };
  const access = await vaultAccess(readEnvironment(variables), '/');
  return shown(await readVault(access, { mount: asked.mount ?? null, path }));
}

/** A refusal as a person reads it. */
async function refusalOf(reading: Promise<unknown>): Promise<string> {
  const thrown = await reading.then(
    () => null,
    (error: unknown) => error,
  );
  if (!isAppError(thrown)) throw new Error('it was not refused', { cause: thrown });
  return `${thrown.code}: ${thrown.publicMessage} → ${thrown.data.hint ?? ''}`;
}

const installed = installedVaults();
const SERVERS = [
  { name: 'a pretended Vault', start: startFakeVault, missing: false },
  ...(['vault', 'bao'] as const).map((tool) => {
    const missing = !installed.includes(tool);
    const name = missing ? `a real ${tool} (left out: it is not on the PATH)` : `a real ${tool}`;
    return { name, start: () => startRealVault(tool), missing };
  }),
];

describe.each(SERVERS.filter(({ missing }) => missing))('$name', () => {
  test.skip('is not here to be imported from', () => undefined);
});

describe.each(SERVERS.filter(({ missing }) => !missing))('$name', ({ start }) => {
  let server: Server;
  let client: VaultClient;

  beforeAll(async () => {
    server = await start();
    client = new VaultClient(server);
    await client.put('shop/prod/db', { user: 'old' });
    await client.put('shop/prod/db', { user: 'app', password: 'p w', port: 5432, tls: true, none: null });
    await client.put('shop/prod/deep/er/token', { value: 'only' });
    await client.put('shop/prod/pem', { value: '-----BEGIN-----\nabc\n' });
    await client.put('shop/prod/large', { value: 'x'.repeat(100_000) });
    await client.put('shop/prod/nested', { conf: { hosts: ['a', 'b'], none: {} }, t: 'x' });
    await client.put('shop/prod', { value: 'of the path itself' });
    await client.put('shop/prod/gone', { value: 'x' });
    await client.put('shop/prod/gone', { value: 'y' });
    await client.remove('shop/prod/gone');
    await client.put('shop/prod/destroyed', { value: 'x' });
    await client.destroy('shop/prod/destroyed', 1);
    await client.put('shop/prod/no-keys', {});
    await client.describe('shop/prod/no-version');
    await client.put('odd/with space', { value: '1' });
    await client.put('odd/ünï 日本', { 'ké/y': '2' });
    await client.put('odd/per%cent?#&+', { value: '3' });
    await client.put('odd/double//slash', { value: '4' });
    await client.put('odd/a..b', { __proto__x: '5', constructor: '6' });
    await client.put('open/a', { value: 'a' });
    await client.put('open/denied', { value: 'b' });
    await client.put('closed/c', { value: 'c' });
    await client.mount('kv/team', 2);
    await client.mount('one', 1);
    await client.mount('transit', null);
    await client.putOne('one/shop/db', { user: 'app', password: 'p' });
    await client.putOne('one/shop/data', { value: 'named as a part of version 2' });
  }, 30_000);
  afterAll(async () => server[Symbol.asyncDispose]());

  test('gives the very answers that the import is made for', async () => {
    const answered = async (path: string, token?: string): Promise<string> => {
      const { status, body } = await client.call('GET', path, token === undefined ? {} : { token });
      const { data, errors } = body as { data?: unknown; errors?: unknown };
      const text = JSON.stringify({ data, errors });
      return `${status} ${text.replaceAll(/"20\d\d-[^"]*Z"/g, '"TIME"')}`;
    };
    const facts = '"created_time":"TIME","custom_metadata":null,"deletion_time"';
    expect(await answered('secret/data/shop/prod/db')).toBe(
      `200 {"data":{"data":{"none":null,"password":"p w","port":5432,"tls":true,"user":"app"},"metadata":{${facts}:"","destroyed":false,"version":2}}}`,
    );
    expect(await answered('secret/data/shop/prod/gone')).toBe(
      `404 {"data":{"data":null,"metadata":{${facts}:"TIME","destroyed":false,"version":2}}}`,
    );
    expect(await answered('secret/data/shop/prod/destroyed')).toBe(
      `404 {"data":{"data":null,"metadata":{${facts}:"","destroyed":true,"version":1}}}`,
    );
    expect(await answered('secret/data/shop/prod/no-version')).toBe('404 {"errors":[]}');
    expect(await answered('secret/data/nothing')).toBe('404 {"errors":[]}');
    expect(await answered('secret/metadata/nothing/?list=true')).toBe('404 {"errors":[]}');
    expect(await answered('secret/metadata/shop?list=true')).toBe('200 {"data":{"keys":["prod","prod/"]}}');
    expect(await answered('one/shop/?list=true')).toBe('200 {"data":{"keys":["data","db"]}}');
    expect(await answered('one/shop/db')).toBe('200 {"data":{"password":"p","user":"app"}}');
    expect(await answered('secret/data/shop/prod/db', 'wrong')).toMatch(/^403 .*permission denied/);
    expect(await answered('sys/internal/ui/mounts/secret', 'wrong')).toMatch(/^403 .*permission denied/);
    expect(await answered('sys/internal/ui/mounts/nowhere/x')).toBe(
      '403 {"errors":["preflight capability check returned 403, please ensure client\'s policies grant access to path \\"nowhere/x/\\""]}',
    );
    const { body } = await client.call('GET', 'sys/internal/ui/mounts/kv/team/x');
    expect(body).toMatchObject({ data: { path: 'kv/team/', type: 'kv', options: { version: '2' } } });
  });

  test('a tree comes as a row for each key of the newest versions, and one for each secret without a value', async () => {
    expect(await readFrom(server, 'secret/shop/prod')).toEqual({
      prod: 'of the path itself',
      'db/none': '',
      'db/password': 'p w',
      'db/port': '5432',
      'db/tls': 'true',
      'db/user': 'app',
      'deep/er/token': 'only',
      destroyed: '(skip: its newest version, 1, is destroyed in Vault)',
      gone: '(skip: its newest version, 2, is deleted in Vault)',
      large: 'x'.repeat(100_000),
      'nested/conf/hosts/0': 'a',
      'nested/conf/hosts/1': 'b',
      'nested/conf/none': '',
      'nested/t': 'x',
      'no-keys': '(skip: it has no keys in Vault)',
      'no-version': '(skip: it has no version in Vault)',
      pem: '-----BEGIN-----\nabc\n',
    });
  });

  test('any name is found again, whatever signs are in it', async () => {
    expect(await readFrom(server, 'secret/odd')).toEqual({
      'a..b/__proto__x': '5',
      'a..b/constructor': '6',
      'double/slash': '4',
      'per%cent?#&+': '3',
      'with space': '1',
      'ünï 日本/ké/y': '2',
    });
  });

  test('the mount is told by Vault, slashes and version 1 included', async () => {
    await expect(readFrom(server, 'kv/team')).rejects.toMatchObject({ code: 'not-found' });
    expect(await readFrom(server, 'one')).toEqual({
      'shop/data': 'named as a part of version 2',
      'shop/db/password': 'p',
      'shop/db/user': 'app',
    });
    expect(await readFrom(server, 'shop/db', { mount: 'one' })).toEqual({
      'db/password': 'p',
      'db/user': 'app',
    });
  });

  test('a token that may read below a path and not the path itself is enough', async () => {
    const token = await client.tokenFor('usual', {
      'secret/data/shop/prod/deep/*': 'read',
      'secret/metadata/shop/prod/deep/*': 'list',
    });
    expect(await readFrom(server, 'secret/shop/prod/deep', { token })).toEqual({
      deep: '(skip: Vault does not let this token read it, if it is there)',
      'er/token': 'only',
    });
  });

  test('a token for one secret gets that one, and is told that nothing below it was looked for', async () => {
    const token = await client.tokenFor('one', { 'secret/data/shop/prod/pem': 'read' });
    expect(await readFrom(server, 'secret/shop/prod/pem', { token })).toEqual({
      pem: '-----BEGIN-----\nabc\n',
      'pem/': '(skip: Vault does not let this token list it, so nothing below it was looked for)',
    });
    expect(await refusalOf(readFrom(server, 'secret/shop', { token }))).toMatch(
      /^forbidden: Vault lets this token neither read secret\/shop nor list/,
    );
  });

  test('folders that may not be listed and secrets that may not be read are rows of their own, and the others come', async () => {
    const token = await client.tokenFor('partly', {
      'secret/data/*': 'read',
      'secret/data/open/denied': 'deny',
      'secret/metadata/': 'list',
      'secret/metadata/open/*': 'list',
    });
    expect(await readFrom(server, 'secret', { token })).toEqual({
      'closed/': '(unreadable: Vault does not let this token list it)',
      'odd/': '(unreadable: Vault does not let this token list it)',
      'open/a': 'a',
      'open/denied': '(unreadable: Vault does not let this token read it)',
      'shop/': '(unreadable: Vault does not let this token list it)',
    });
  });

  test('a token that is wrong or was revoked, and a mount that is not there or is no engine of values, are told apart', async () => {
    expect(await refusalOf(readFrom(server, 'secret/shop', { token: 'wrong' }))).toMatch(
      /^forbidden: .* does not accept the token: it is wrong, expired or revoked\. → .*VAULT_TOKEN/,
    );
    const token = await client.tokenFor('revoked', { 'secret/data/*': 'read' });
    await client.revoke(token);
    expect(await refusalOf(readFrom(server, 'secret/shop', { token }))).toMatch(/^forbidden: .*expired/);
    expect(await refusalOf(readFrom(server, 'nowhere/x'))).toMatch(
      /^forbidden: In Vault there is no engine at nowhere\/x that this token may use\./,
    );
    expect(await refusalOf(readFrom(server, 'transit/keys'))).toMatch(
      /^config-invalid: What is mounted at transit in Vault is not a KV engine but transit\./,
    );
    expect(await refusalOf(readFrom(server, 'x', { mount: 'kv/team/x' }))).toMatch(
      /^config-invalid: In Vault no engine is mounted at kv\/team\/x; its paths are in the engine at kv\/team\./,
    );
    expect(await refusalOf(readFrom(server, 'secret/nothing'))).toMatch(
      /^not-found: There are no secrets at secret\/nothing in Vault\./,
    );
  });
});

describe('a Vault that is not as it should be', () => {
  let vault: FakeVault;
  beforeAll(async () => {
    vault = await startFakeVault();
    const client = new VaultClient(vault);
    await client.put('shop/db', { value: 'x' });
    await client.put('shop/other', { value: 'y' });
  });
  afterAll(async () => vault[Symbol.asyncDispose]());

  test('is asked again after the time that it names when it has had too many requests', async () => {
    const before = vault.requests.length;
    vault.answerOnce(429, { errors: ['rate limit quota exceeded'] }, { headers: { 'retry-after': '0.01' } });
    expect(await readFrom(vault, 'secret/shop/db')).toEqual({ db: 'x' });
    expect(vault.requests.slice(before).filter((request) => request.includes('sys/internal'))).toHaveLength(
      2,
    );
  });

  test('is not followed to another address, which would get the token', async () => {
    vault.answerOnce(307, {}, { headers: { location: 'https://elsewhere.example/v1/x' } });
    expect(await refusalOf(readFrom(vault, 'secret/shop'))).toMatch(
      /^unreachable: .* sends to https:\/\/elsewhere\.example\/v1\/x instead of answering.* → .*VAULT_ADDR/,
    );
  });

  test.each([
    ['is sealed', 503, { errors: ['Vault is sealed'] }, /^unreachable: .*status 503: Vault is sealed\./],
    [
      'is something else',
      404,
      { code: 'not-found' },
      /^unreachable: What answers at .* is neither Vault nor/,
    ],
    [
      'knows no such namespace',
      404,
      { errors: ['namespace not found'] },
      /^config-invalid: .*no namespace team/,
    ],
  ])('is told when it %s', async (_, status, body, expected) => {
    vault.answerOnce(status, body);
    expect(await refusalOf(readFrom(vault, 'secret/shop', { namespace: 'team' }))).toMatch(expected);
  });

  test('a failure at one secret is a row, and the others come', async () => {
    vault.answerOnce(500, { errors: ['1 error occurred:\n\t* storage'] }, { at: 'data/shop/db' });
    expect(await readFrom(vault, 'secret/shop')).toEqual({
      db: '(unreadable: Vault did not read it: 1 error occurred: * storage (status 500))',
      other: 'y',
    });
  });

  test('nobody there, and what does not speak TLS, are told apart', async () => {
    const gone = await startFakeVault();
    await gone[Symbol.asyncDispose]();
    expect(await refusalOf(readFrom(gone, 'secret/x'))).toMatch(/^unreachable: .*nothing listens there/);
    const secure = { ...vault, address: vault.address.replace('http', 'https') };
    expect(await refusalOf(readFrom(secure, 'secret/x'))).toMatch(/^unreachable: .*does not speak TLS/);
  });

  test('a certificate of an authority that nobody knows is refused until VAULT_CACERT names it', async () => {
    const tls = selfSigned();
    await using place = await Workplace.make();
    await using secure = await startFakeVault({ tls });
    expect(await refusalOf(readFrom(secure, 'secret/x'))).toMatch(
      /^unreachable: .*authority that this machine does not know\. → .*VAULT_CACERT/,
    );
    expect(secure.requests).toEqual([]);
    await writeFile(join(place.folder, 'empty.pem'), '');
    const variables = { VAULT_ADDR: secure.address, VAULT_TOKEN: secure.token, VAULT_CACERT: 'empty.pem' };
    await expect(vaultAccess(readEnvironment(variables), place.folder)).rejects.toThrow(
      'The file empty.pem that VAULT_CACERT names has no certificates in PEM form.',
    );
    await writeFile(join(place.folder, 'ca.pem'), tls.certificate);
    const environment = readEnvironment({
      BAO_ADDR: secure.address,
      BAO_TOKEN: secure.token,
      BAO_CACERT: 'ca.pem',
    });
    const access = await vaultAccess(environment, place.folder);
    await expect(readVault(access, { mount: null, path: 'secret/x' })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

test('a token is never sent to an address that came from the other family of variables', async () => {
  const environment = readEnvironment({ BAO_ADDR: 'http://127.0.0.1:1', VAULT_TOKEN: 'of another server' });
  await expect(vaultAccess(environment, '/')).rejects.toThrow('BAO_ADDR is set and BAO_TOKEN is not.');
});
