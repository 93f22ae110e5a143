// Logins: API keys that `sallyport login` obtained, one per server, in a file of the user's configuration folder that only its owner can
// read. Newest first, so that commands without any other address go to the server that was logged in to last.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@sallyport/core';
import { readStrictObject } from './strict-object.ts';

export const LOGINS_FILE = 'logins.json';

const LOGIN_FIELDS = {
  address: 'text',
  user: 'text',
  apiKeyId: 'text',
  token: 'text',
  expiresAtMs: 'count',
} as const;

/** An API key that a login obtained. */
export type Login = {
  /** Of the server, in its normal form; the key goes nowhere else. */
  address: string;
  user: string;
  apiKeyId: string;
  token: string;
  expiresAtMs: number;
};

/** @throws {config-invalid} when the file is damaged */
export function readLogins(configFolder: string): Login[] {
  const path = join(configFolder, LOGINS_FILE);
  try {
    return loginsIn(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return [];
    }
    // Not the parser's own words: they repeat what is in the file.
    throw unusable(path, error);
  }
}

function loginsIn(json: unknown): Login[] {
  const isList =
    typeof json === 'object' && json !== null && Object.keys(json).join() === 'logins' && 'logins' in json;
  if (!isList || !Array.isArray(json.logins)) throw new Error('not a list of logins');
  return json.logins.map((one: unknown) => {
    const outcome = readStrictObject(one, LOGIN_FIELDS);
    if ('problem' in outcome) throw new Error(outcome.problem);
    const { address, user, apiKeyId, token, expiresAtMs } = outcome.object;
    if (address === null || user === null || apiKeyId === null || token === null || expiresAtMs === null) {
      throw new Error('a field is missing');
    }
    return { address, user, apiKeyId, token, expiresAtMs };
  });
}

/** Remembers a login in place of the one at the same server. @returns that one; null: there was none */
export async function saveLogin(configFolder: string, login: Login): Promise<Login | null> {
  const logins = readLogins(configFolder);
  const former = logins.find(({ address }) => address === login.address) ?? null;
  await writeLogins(configFolder, [login, ...logins.filter((one) => one !== former)]);
  return former;
}

/** Forgets the login at a server, if there is one. */
export async function removeLogin(configFolder: string, address: string): Promise<void> {
  const logins = readLogins(configFolder);
  const left = logins.filter((login) => login.address !== address);
  if (left.length !== logins.length) await writeLogins(configFolder, left);
}

async function writeLogins(configFolder: string, logins: readonly Login[]): Promise<void> {
  const path = join(configFolder, LOGINS_FILE);
  if (logins.length === 0) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(configFolder, { recursive: true, mode: 0o700 });
  // What writes is loaded only then: most commands only read.
  const { contentOf, writePrivateFile } = await import('../output/write-file.ts');
  await writePrivateFile(path, contentOf(`${JSON.stringify({ logins }, null, 2)}\n`));
}

function unusable(path: string, cause: unknown): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The file of logins ${path} cannot be used.`,
    data: { hint: 'Remove the file and log in again.' },
    cause,
  });
}
