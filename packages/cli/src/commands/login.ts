// Commands by which people sign in and look after themselves: login, password, second factor.
import { hostname } from 'node:os';
import { isAppError } from '@sallyport/core';
import type { Client } from '@sallyport/sdk';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG } from '../command-line/shared-flags.ts';
import { readAddress } from '../config/connection-settings.ts';
import { readLogins, removeLogin, saveLogin } from '../config/logins.ts';
import type { Login } from '../config/logins.ts';
import { withClient, withKey } from '../config/open-client.ts';
import { Answers } from '../input/answers.ts';
import { printableLine, printableTime } from '../output/printable.ts';
import { fields } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

const DEFAULT_LOGIN_SECONDS = 12 * 3600;
const HOST_MAX_CHARACTERS = 60;

const BY_CODE = {
  code: { kind: 'switch', summary: 'Prove who you are by a code instead of the password' },
} as const satisfies Record<string, FlagSpec>;
const ON_STDIN = 'Without a terminal, answers are read from standard input, one a line.';

export const LOGIN_COMMANDS: readonly Command[] = [
  {
    path: ['login'],
    summary: 'Sign in with name and password, for the commands that follow',
    details: [
      'Obtains an API key of yours that expires, and keeps it in the configuration folder for this server only.',
      ON_STDIN,
    ],
    arguments: [{ name: 'USER', summary: 'your name; asked for when left out', optional: true }],
    flags: {
      'expires-in': {
        kind: 'text',
        value: 'DURATION',
        summary: 'How long it lasts, such as 8h (default 12h)',
      },
    },
    examples: ['login alice --address https://sallyport.example.com'],
    connects: true,
    run: login,
  },
  {
    path: ['logout'],
    summary: 'Revoke the key of the last login, and forget it',
    connects: true,
    run: logout,
  },
  {
    path: ['password'],
    summary: 'Change your password; all your other sessions end',
    details: [ON_STDIN],
    connects: true,
    run: changePassword,
  },
  {
    path: ['display-name'],
    summary: 'Change the name by which others see you; you sign in with the same one as before',
    arguments: [{ name: 'NAME', summary: 'the new one' }],
    connects: true,
    examples: ["display-name 'Olga Nordin'"],
    run: changeDisplayName,
  },
  {
    path: ['totp', 'enable'],
    summary: 'Set up a second factor with an authenticator app',
    details: [ON_STDIN],
    connects: true,
    run: enableTotp,
  },
  {
    path: ['totp', 'disable'],
    summary: 'Do without a second factor again',
    details: [ON_STDIN],
    flags: BY_CODE,
    connects: true,
    run: disableTotp,
  },
  {
    path: ['totp', 'recovery-codes'],
    summary: 'Make new recovery codes in place of the old ones; they are printed this once',
    details: [ON_STDIN],
    flags: { ...BY_CODE, ...OUTPUT_FLAG },
    connects: true,
    run: renewRecoveryCodes,
  },
];

async function login(invocation: Invocation): Promise<void> {
  const { terminal, flags, environment } = invocation;
  const answers = new Answers(terminal);
  const expiresInSeconds = flags.seconds('expires-in') ?? DEFAULT_LOGIN_SECONDS;
  const obtained = await withKey(invocation, null, async (client) => {
    const user = invocation.arguments['USER'] ?? (await answers.shown('User'));
    const password = await answers.secret('Password');
    const body = { user, password, keyName: keyName(), expiresInSeconds };
    const made = await withCode(answers, async (code) =>
      client.call('signInForKey', { body: { ...body, ...code } }),
    );
    const { name, apiKeyId, value, expiresAtMs } = made;
    return { address: client.address, user: name, apiKeyId, token: value, expiresAtMs };
  });
  const former = await saveLogin(environment.configFolder, obtained);
  if (former !== null) await revoke(invocation, former);
  const until = printableTime(obtained.expiresAtMs);
  await note(terminal, `Logged in to ${obtained.address} as ${printableLine(obtained.user)} until ${until}.`);
}

/** Asks for a code of the second factor only when there is one. */
async function withCode<T>(answers: Answers, attempt: (code: { code?: string }) => Promise<T>): Promise<T> {
  try {
    return await attempt({});
  } catch (error) {
    if (!isAppError(error, 'second-factor-required')) throw error;
    return attempt({ code: await answers.secret('Code of your authenticator app, or a recovery code') });
  }
}

/** Says where and when, for the list of keys; no two are equal. */
function keyName(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, HOST_MAX_CHARACTERS);
  return `login at ${host} ${new Date().toISOString()}`;
}

async function logout(invocation: Invocation): Promise<void> {
  const { terminal, environment } = invocation;
  const { address: given } = await readAddress({ ...invocation, warn: () => undefined });
  const { parseAddress, printAddress } = await import('@sallyport/sdk');
  const address = printAddress(parseAddress(given, { allowPlainHttp: true }));
  const known = readLogins(environment.configFolder).find((one) => one.address === address);
  if (known === undefined) return note(terminal, `You are not logged in to ${address}.`);
  await revoke(invocation, known);
  await removeLogin(environment.configFolder, address);
  await note(terminal, `Logged out of ${address}.`);
}

/** A key that has ended already is as good as revoked. */
async function revoke(invocation: Invocation, { token, apiKeyId }: Login): Promise<void> {
  try {
    await withKey(invocation, token, (client) =>
      client.call('revokeApiKey', { params: { apiKey: apiKeyId } }),
    );
  } catch (error) {
    if (!isAppError(error, 'unauthenticated')) throw error;
  }
}

async function changeDisplayName(invocation: Invocation): Promise<void> {
  const body = { displayName: invocation.arguments['NAME'] ?? '' };
  const profile = await withClient(invocation, (client) => client.call('editMyProfile', { body }));
  await note(invocation.terminal, `Others see ${profile.name} as ${printableLine(profile.displayName)} now.`);
}

async function changePassword(invocation: Invocation): Promise<void> {
  const answers = new Answers(invocation.terminal);
  await withClient(invocation, async (client) => {
    const currentPassword = await answers.secret('Current password');
    const newPassword = await answers.newSecret('New password');
    await client.call('changeMyPassword', { body: { currentPassword, newPassword } });
  });
  await note(invocation.terminal, 'Changed your password. All your other sessions have ended.');
}

async function enableTotp(invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const answers = new Answers(terminal);
  const { recoveryCodes } = await withClient(invocation, async (client) => {
    const password = await answers.secret('Password');
    const pending = await client.call('beginTotp', { body: { password } });
    const shown = fields([
      ['secret', pending.secret],
      ['address', pending.uri],
    ]);
    await note(terminal, `Enter this in your authenticator app:\n${shown}`);
    const code = await answers.secret('Code that the app shows now');
    return client.call('confirmTotp', { body: { code } });
  });
  await note(
    terminal,
    'The second factor is set up. If you lose the app, each of these codes signs you in once:',
  );
  await writeData(terminal, lines(recoveryCodes));
}

async function disableTotp(invocation: Invocation): Promise<void> {
  await withClient(invocation, async (client) => {
    await client.call('disableTotp', { body: await proof(invocation) });
  });
  await note(invocation.terminal, 'You sign in without a second factor now.');
}

async function renewRecoveryCodes(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const renew = async (client: Client) =>
    client.call('renewRecoveryCodes', { body: await proof(invocation) });
  const { recoveryCodes } = await withClient(invocation, renew);
  if (flags.text('output') === 'json') return writeJson(terminal, recoveryCodes);
  await note(terminal, 'The old recovery codes are no good any more. Each of these signs you in once:');
  await writeData(terminal, lines(recoveryCodes));
}

async function proof({ terminal, flags }: Invocation): Promise<{ password: string } | { code: string }> {
  const answers = new Answers(terminal);
  if (flags.has('code')) return { code: await answers.secret('Code') };
  return { password: await answers.secret('Password') };
}

function lines(codes: readonly string[]): string {
  return codes.map((code) => `${code}\n`).join('');
}
