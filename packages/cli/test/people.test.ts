// People by the command, against a real server in a process of its own: from the set-up link to a login with a second factor.
import type { ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stop, untilWritten, Workplace } from './sallyport.ts';
import type { Finished, RunOptions } from './sallyport.ts';

let place: Workplace;
let server: ChildProcess;
let address: string;
let setupLink: string;

const ADMIN_PASSWORD = 'keys to the whole account';
const ALICE_PASSWORD = 'a long enough password';

beforeAll(async () => {
  place = await Workplace.make();
  const written = await startServer();
  setupLink = /(http\S+\/#\/welcome\/sp_lnk_\S+)/.exec(written)?.[1] ?? '';
}, 60_000);

afterAll(async () => {
  await stop(server);
  await place[Symbol.asyncDispose]();
});

/** Gives what it wrote until it listened. */
async function startServer(): Promise<string> {
  const port = address === undefined ? '0' : new URL(address).port;
  server = place.start([
    'server',
    'run',
    '--data',
    'server',
    '--port',
    port,
    '--admin-key-file',
    'admin-key',
  ]);
  const written = await untilWritten(server, /listens on \S+\n/);
  address = /listens on (http:\S+)/.exec(written)?.[1] ?? '';
  return written;
}

/** A line as typed, cut at blanks, with answers on standard input, in a home of its own. */
async function sallyport(
  line: string,
  { answers = [], home = 'admin', ...options }: RunOptions & { answers?: string[]; home?: string } = {},
): Promise<Finished> {
  const env = { SALLYPORT_ADDR: address, XDG_CONFIG_HOME: join(place.folder, home), ...options.env };
  return place.run(line.split(' '), { ...options, env, input: answers.map((one) => `${one}\n`).join('') });
}

const asAlice = { home: 'alice' };
const whoIs = async (home: string): Promise<{ kind: string; user: { name: string } }> =>
  JSON.parse((await sallyport('whoami -o json', { home })).stdout);

function totpCode(secretBase32: string, nowMs: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(secretBase32, (one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

describe('from a new server to a login', () => {
  test('the link that the first start prints makes an administrator, who logs in', async () => {
    const redeemed = await sallyport('user redeem --name root', { answers: [setupLink, ADMIN_PASSWORD] });
    expect([redeemed.code, redeemed.stdout]).toEqual([0, '']);
    expect(redeemed.stderr).toContain('root can sign in with this password now');
    const wrong = await sallyport('login root', { answers: ['not the password'] });
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('code: sign-in-failed')]);
    const login = await sallyport('login', { answers: ['root', ADMIN_PASSWORD] });
    expect([login.code, login.stdout]).toEqual([0, '']);
    expect(login.stderr).toMatch(/^Logged in to http:\S+ as root until 20\d\d-/m);
    expect(await whoIs('admin')).toMatchObject({ kind: 'api-key', user: { name: 'root' } });
  });

  test('the key is kept for its owner only, and goes to no other server', async () => {
    const path = join(place.folder, 'admin', 'sallyport', 'logins.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toContain(address);
    const elsewhere = await sallyport('whoami', { env: { SALLYPORT_ADDR: 'http://127.0.0.1:9' } });
    expect(elsewhere.stderr).toContain('No API key is given for http://127.0.0.1:9');
  });

  test('whoever is logged in needs no address, and goes before the key of the project', async () => {
    await writeFile(
      join(place.folder, '.sallyport.json'),
      JSON.stringify({ address, tokenFile: 'admin-key' }),
    );
    expect((await whoIs('admin')).user).toMatchObject({ name: 'root' });
    expect((await whoIs('nobody')).user).toBeNull();
    await writeFile(join(place.folder, '.sallyport.json'), JSON.stringify({ address: 'http://127.0.0.1:9' }));
    const env = { SALLYPORT_ADDR: '' };
    const elsewhere = await sallyport('whoami -o json', { env, cwd: place.folder });
    expect(elsewhere.code).toBe(3);
    const without = await sallyport('whoami -o json', { env, cwd: '/' });
    expect(JSON.parse(without.stdout)).toMatchObject({ address, user: { name: 'root' } });
    await writeFile(join(place.folder, '.sallyport.json'), JSON.stringify({ address }));
  });
});

describe('users', () => {
  test('are invited, listed, shown, renamed and disabled', async () => {
    const invited = await sallyport('user invite alice --display-name Alice --group Production.Support');
    expect(invited.stderr).toContain('code: not-found');
    const made = await sallyport('user invite alice --display-name Alice');
    expect(made.stderr).toMatch(/^Created the user alice\. The link is good once, until 20\d\d-/m);
    expect(made.stdout).toMatch(/^http:\S+\/#\/welcome\/sp_lnk_\S{43}\n$/);
    const redeemed = await sallyport('user redeem', {
      ...asAlice,
      answers: [made.stdout.trim(), ALICE_PASSWORD],
    });
    expect(redeemed.code).toBe(0);
    const again = await sallyport('user redeem', {
      ...asAlice,
      answers: [made.stdout.trim(), ALICE_PASSWORD],
    });
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('code: link-invalid')]);

    const listed = (await sallyport('user list')).stdout.split('\n');
    expect(listed[0]).toMatch(/^NAME +DISPLAY NAME +STATE +SIGNS IN BY +LAST SIGN-IN +ID$/);
    expect(listed[1]).toMatch(/^alice +Alice +active +password +20\d\d-.* +usr_/);
    const shown = (await sallyport('user show alice')).stdout;
    expect(shown).toMatch(/^groups: +none$/m);
    expect(shown).toMatch(/^state: +active$/m);

    expect((await sallyport('user edit alice --display-name Alicia')).stderr).toContain('alice (Alicia) now');
    expect((await sallyport('user edit alice')).code).toBe(2);
    expect((await sallyport('user disable alice')).code).toBe(2);
    expect((await sallyport('user disable alice --yes')).stderr).toContain('Disabled alice.');
    expect((await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD] })).code).toBe(3);
    expect((await sallyport('user enable alice')).stderr).toContain('Enabled alice.');
  });

  test('log in, change their password, and are given a new one by link', async () => {
    expect((await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD] })).code).toBe(0);
    const next = 'another long password';
    const short = await sallyport('password', { ...asAlice, answers: [ALICE_PASSWORD, 'short'] });
    expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('code: invalid-password')]);
    expect((await sallyport('password', { ...asAlice, answers: [ALICE_PASSWORD, next] })).code).toBe(0);
    const link = (await sallyport('user reset-link alice')).stdout.trim();
    const answers = [link.slice(link.lastIndexOf('/') + 1), ALICE_PASSWORD];
    expect((await sallyport('user redeem', { ...asAlice, answers })).code).toBe(0);
    expect((await sallyport('user revoke-sessions alice')).stderr).toContain('Ended one session.');
    // Whoever may not manage users is told which permission that is.
    const refused = await sallyport('user list', asAlice);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('manage-users-and-groups')]);
  });

  test('log out, and the key is no good any more', async () => {
    await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD] });
    const { logins } = JSON.parse(
      await readFile(join(place.folder, 'alice', 'sallyport', 'logins.json'), 'utf8'),
    );
    expect(logins).toHaveLength(1);
    expect((await sallyport(`whoami --token ${logins[0].token}`, asAlice)).code).toBe(0);
    const out = await sallyport('logout', asAlice);
    expect([out.code, out.stderr]).toEqual([0, expect.stringContaining('Logged out of ')]);
    expect((await sallyport(`whoami --token ${logins[0].token}`, asAlice)).code).toBe(3);
    const without = await sallyport('whoami', { ...asAlice, cwd: '/' });
    expect([without.code, without.stderr]).toEqual([3, expect.stringContaining('Run `sallyport login`')]);
    expect((await sallyport('logout', asAlice)).stderr).toContain('You are not logged in');
  });

  test('set up a second factor, and log in with it', async () => {
    await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD] });
    // The code depends on the secret that the command shows, so the answers come one by one.
    const child = place.start(['totp', 'enable'], {
      env: { SALLYPORT_ADDR: address, XDG_CONFIG_HOME: join(place.folder, 'alice') },
    });
    child.stdin?.end(`${ALICE_PASSWORD}\n000000\n`);
    const shown = await untilWritten(child, /secret: +[A-Z2-7]{32}/);
    expect(shown).toContain('otpauth://totp/');
    await stop(child);
    expect((await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD] })).code).toBe(0);

    const secret = await enableTotp();
    const refused = await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD, '000000'] });
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('code: sign-in-failed')]);
    const code = totpCode(secret, Date.now() + 30_000);
    expect((await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD, code] })).code).toBe(0);

    const renewed = await sallyport('totp recovery-codes', { ...asAlice, answers: [ALICE_PASSWORD] });
    const codes = renewed.stdout.trim().split('\n');
    expect(codes).toHaveLength(10);
    const [first = '', second = ''] = codes;
    expect((await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD, first] })).code).toBe(0);
    expect((await sallyport('totp disable --code', { ...asAlice, answers: [second] })).code).toBe(0);
    expect((await sallyport('login alice', { ...asAlice, answers: [ALICE_PASSWORD] })).code).toBe(0);
    expect((await sallyport('user reset-totp alice --yes')).code).toBe(0);
  });

  /** Over the API, since a person would read the secret from the screen before the code is asked for. */
  async function enableTotp(): Promise<string> {
    const { logins } = JSON.parse(
      await readFile(join(place.folder, 'alice', 'sallyport', 'logins.json'), 'utf8'),
    );
    const call = async (step: string, body: object) => {
      const response = await fetch(`${address}/v1/me/second-factor/${step}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${logins[0].token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      return (await response.json()) as { secret: string };
    };
    const { secret } = await call('begin', { password: ALICE_PASSWORD });
    await call('confirm', { code: totpCode(secret, Date.now()) });
    return secret;
  }

  test('are removed', async () => {
    expect((await sallyport('user remove alice --yes')).stderr).toContain('Removed alice.');
    expect((await sallyport('user show alice')).code).toBe(4);
    expect((await sallyport('whoami', asAlice)).code).toBe(3);
  });
});

test('the set-up link is printed at each start for as long as there are no users', async () => {
  expect(setupLink).toMatch(/^http:\S+\/#\/welcome\/sp_lnk_/);
  await stop(server);
  expect(await startServer()).not.toContain('Nobody can sign in yet');
});
