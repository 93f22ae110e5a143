// Where address and key come from, and where keys must not go: a project that somebody else wrote is an attacker here.
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FlagValues } from '../src/command-line/flag-values.ts';
import { readConnectionSettings } from '../src/config/connection-settings.ts';
import { readEnvironment } from '../src/config/environment.ts';
import { Workplace } from './sallyport.ts';

const KEYS = {
  flag: `sp_key_${'f'.repeat(43)}`,
  variable: `sp_key_${'v'.repeat(43)}`,
  project: `sp_key_${'p'.repeat(43)}`,
  user: `sp_key_${'u'.repeat(43)}`,
  login: `sp_key_${'l'.repeat(43)}`,
};
const PROJECT = 'https://project.example';
const USER = 'https://user.example';

let place: Workplace;
let deep: string;
let warnings: string[];
beforeEach(async () => {
  place = await Workplace.make();
  warnings = [];
  deep = join(place.folder, 'project', 'src', 'deep');
  await mkdir(deep, { recursive: true });
  await mkdir(join(place.folder, 'config', 'sallyport'), { recursive: true });
});
afterEach(() => place[Symbol.asyncDispose]());

async function write(path: string, content: unknown, mode = 0o600): Promise<void> {
  const full = join(place.folder, path);
  await writeFile(full, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(full, mode);
}

const projectFile = (content: object): Promise<void> => write('project/.sallyport.json', content);
const userFile = (content: object, mode?: number): Promise<void> =>
  write('config/sallyport/config.json', content, mode);

function settings(flags: Record<string, string> = {}, variables: Record<string, string> = {}) {
  const given = new Map(Object.entries(flags).map(([name, value]) => [name, value === '' ? [] : [value]]));
  return readConnectionSettings({
    flags: new FlagValues(given),
    environment: readEnvironment(place.env(variables)),
    folder: deep,
    warn: (text) => warnings.push(text),
  });
}

async function bothFiles(): Promise<void> {
  await write('project/key', `${KEYS.project}\n`);
  await projectFile({ address: PROJECT, tokenFile: 'key' });
  await userFile({ address: USER, token: KEYS.user });
}

describe('the first place that has it wins', () => {
  test('flags before environment before project before user', async () => {
    await bothFiles();
    const variables = { SALLYPORT_ADDR: 'https://variable.example', SALLYPORT_TOKEN: KEYS.variable };
    expect(await settings({ address: 'https://flag.example', token: KEYS.flag }, variables)).toMatchObject({
      address: 'https://flag.example',
      token: KEYS.flag,
    });
    expect(await settings({}, variables)).toMatchObject({
      address: 'https://variable.example',
      token: KEYS.variable,
    });
    expect(await settings()).toMatchObject({ address: PROJECT, token: KEYS.project });
  });

  test('the user file serves where there is no project', async () => {
    await userFile({ address: USER, token: KEYS.user });
    expect(await settings()).toMatchObject({ address: USER, token: KEYS.user, strict: false });
  });

  test('each of the two by itself: a key from the environment for the address of the project', async () => {
    await bothFiles();
    expect(await settings({}, { SALLYPORT_TOKEN: KEYS.variable })).toMatchObject({
      address: PROJECT,
      token: KEYS.variable,
    });
  });

  test('files for keys from flag and environment', async () => {
    await bothFiles();
    await write('flag-key', KEYS.flag);
    expect(await settings({ 'token-file': '../../../flag-key' })).toMatchObject({ token: KEYS.flag });
    const variable = { SALLYPORT_TOKEN_FILE: join(place.folder, 'flag-key') };
    expect(await settings({}, variable)).toMatchObject({ token: KEYS.flag });
  });

  test('strict anywhere is strict, and a project cannot take it back', async () => {
    await userFile({ address: USER, token: KEYS.user, strict: true });
    await write('project/key', KEYS.project);
    await projectFile({ address: PROJECT, tokenFile: 'key', strict: false });
    expect(await settings()).toMatchObject({ strict: true });
    await userFile({ address: USER });
    expect(await settings()).toMatchObject({ strict: false });
    expect(await settings({ strict: '' })).toMatchObject({ strict: true });
    expect(await settings({}, { SALLYPORT_STRICT: '1' })).toMatchObject({ strict: true });
  });

  test('two ways of writing one address are one address', async () => {
    await bothFiles();
    expect(await settings({ address: 'https://PROJECT.example:443/' })).toMatchObject({
      token: KEYS.project,
    });
  });
});

describe('a login', () => {
  const login = { address: PROJECT, user: 'alice', apiKeyId: 'key_1', token: KEYS.login, expiresAtMs: 9e15 };
  const logins = (...all: object[]): Promise<void> => write('config/sallyport/logins.json', { logins: all });

  test('goes before the keys of both files, and after those of flags and environment', async () => {
    await bothFiles();
    await logins(login, { ...login, address: USER });
    expect(await settings()).toMatchObject({ address: PROJECT, token: KEYS.login });
    expect(await settings({ address: USER })).toMatchObject({ address: USER, token: KEYS.login });
    expect(await settings({ token: KEYS.flag })).toMatchObject({ token: KEYS.flag });
    expect(await settings({}, { SALLYPORT_TOKEN: KEYS.variable })).toMatchObject({ token: KEYS.variable });
  });

  test('is sent to its own server only, however its address is written', async () => {
    await logins(login);
    expect(await settings({ address: 'https://PROJECT.example:443/' })).toMatchObject({ token: KEYS.login });
    await expect(settings({ address: 'https://other.example' })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  test('gives the address where nothing else does, the newest one', async () => {
    await logins(login, { ...login, address: USER });
    expect(await settings()).toMatchObject({ address: PROJECT, token: KEYS.login });
    await projectFile({ address: 'https://attacker.example' });
    await expect(settings()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('that has expired counts for nothing, and says so', async () => {
    await bothFiles();
    await logins({ ...login, expiresAtMs: 1 });
    expect(await settings()).toMatchObject({ token: KEYS.project });
    expect(warnings).toEqual([`note: the login of alice at ${PROJECT} has expired. Run: sallyport login`]);
  });

  test('in a file that is damaged is refused, and what is in it is not repeated', async () => {
    await write('config/sallyport/logins.json', '{"logins": [{"token": "canary"');
    const failure = await settings().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'config-invalid' });
    expect(String(failure)).not.toContain('canary');
  });
});

describe('keys do not go astray', () => {
  test("the user's key is not sent to the address of a project", async () => {
    await projectFile({ address: 'https://attacker.example' });
    await userFile({ address: USER, token: KEYS.user });
    const failure = settings();
    await expect(failure).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(failure).rejects.toThrow(/No API key is given for https:\/\/attacker.example/);
  });

  test("the project's key is not sent to the address of a flag", async () => {
    await bothFiles();
    await expect(settings({ address: 'https://other.example' })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  test.each(['../outside', '/etc/hostname', 'src/../../outside', 'link', '.'])(
    'a project that names %s as its key file is refused: it could have any file sent anywhere',
    async (tokenFile) => {
      await write('outside', KEYS.user);
      await symlink(join(place.folder, 'outside'), join(place.folder, 'project', 'link'));
      await projectFile({ address: 'https://attacker.example', tokenFile });
      await expect(settings()).rejects.toThrow(/names a file outside its own folder/);
    },
  );

  test('a file that holds something else than a key is not sent', async () => {
    await write('project/id_ed25519', '-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n');
    await projectFile({ address: 'https://attacker.example', tokenFile: 'id_ed25519' });
    const failure = settings();
    await expect(failure).rejects.toMatchObject({ code: 'config-invalid' });
    await expect(failure).rejects.not.toThrow(/canary/);
  });

  test('a key for no address in the user file is refused', async () => {
    await userFile({ token: KEYS.user });
    await expect(settings()).rejects.toThrow(/a key needs an address/);
  });

  test('files that others can read are warned about, by name and with the remedy', async () => {
    await userFile({ address: USER, token: KEYS.user }, 0o644);
    await settings();
    expect(warnings).toEqual([expect.stringMatching(/others can read .*config\.json.*mode 0644.*chmod 600/)]);
    await write('loose-key', KEYS.flag, 0o640);
    await settings({ 'token-file': join(place.folder, 'loose-key') });
    expect(warnings.at(-1)).toMatch(/loose-key/);
  });
});

describe('a configuration file that is wrong', () => {
  test.each([
    ['not JSON', '{"address": "canary'],
    ['an unknown field', { address: PROJECT, tokn: 'canary' }],
    ['a key in the project', { address: PROJECT, token: 'canary' }],
    ['no address', { strict: true }],
  ])('is refused with its path, and what is in it is not repeated: %s', async (_, content) => {
    await write('project/.sallyport.json', content);
    const failure = await settings().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'config-invalid' });
    expect(String(failure)).toContain('project/.sallyport.json');
    expect(String(failure)).not.toContain('canary');
  });

  test('a switch variable that is neither yes nor no is refused', async () => {
    await bothFiles();
    await expect(settings({}, { SALLYPORT_STRICT: 'maybe' })).rejects.toThrow(
      /SALLYPORT_STRICT must be 1 or 0/,
    );
  });
});
