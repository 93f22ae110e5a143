// Which server a command talks to, with which key, and whom it trusts: flags first, then the environment, then the project's file,
// then the user's. Whoever has logged in to a server goes before the keys of both files. A key from a file goes only to the address that
// stands beside it.
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import type { FlagValues } from '../command-line/flag-values.ts';
import { findProjectFile, readUserFile, warnIfLoose } from './config-files.ts';
import type { ConfigFile } from './config-files.ts';
import type { Environment } from './environment.ts';
import { readLogins } from './logins.ts';
import type { Login } from './logins.ts';

export type ConnectionSettings = {
  address: string;
  token: string;
  /** PEM text; `null`: the system's authorities. */
  caPem: string | null;
  /** Path of the file of known delegates. */
  knownDelegates: string;
  strict: boolean;
  allowPlainHttp: boolean;
};

export type SettingsSources = {
  flags: FlagValues;
  environment: Environment;
  /** Where the project's file is looked for, and what paths in flags are relative to. */
  folder: string;
  warn: (text: string) => void;
};

/** What API keys look like; other content of a file is not sent to anybody. */
const API_KEY = /^sp_key_[A-Za-z0-9_-]{20,128}$/;

/** Address, authorities and trust, without the key; for commands that only look at local files. */
export async function readAddress(sources: SettingsSources): Promise<Omit<ConnectionSettings, 'token'>> {
  const files = readFiles(sources);
  return withoutToken(sources, files);
}

/** Path of the file of known delegates; needs no address. */
export async function readKnownDelegatesPath(sources: SettingsSources): Promise<string> {
  const files = readFiles(sources);
  return knownDelegatesPath(sources, files, addressOf(sources, files));
}

/**
 * All settings of a connection.
 * @throws {config-invalid} when address or key are missing or unusable; the message says where they can be given
 */
export async function readConnectionSettings(sources: SettingsSources): Promise<ConnectionSettings> {
  const files = readFiles(sources);
  const settings = await withoutToken(sources, files);
  return { ...settings, token: await tokenFor(settings.address, sources, files) };
}

/** Where settings come from, for whoever looks for what is wrong with them. */
export type SettingsOrigins = {
  projectFile: string | null;
  userFile: string | null;
  /** null: there is none. */
  address: { value: string; origin: string } | null;
};

/** @throws {config-invalid} when a configuration file is damaged */
export function readOrigins(sources: SettingsSources): SettingsOrigins {
  const files = readFiles(sources);
  return {
    projectFile: files.project?.path ?? null,
    userFile: files.user?.path ?? null,
    address: addressFrom(sources, files),
  };
}

/** Where the key for the address comes from. @throws {unauthenticated} when there is none */
export async function readTokenOrigin(sources: SettingsSources): Promise<string> {
  const files = readFiles(sources);
  const { address } = await withoutToken(sources, files);
  await tokenFor(address, sources, files);
  return (await tokenFrom(address, { ...sources, warn: () => undefined }, files))?.origin ?? '';
}

type Files = { project: ConfigFile | null; user: ConfigFile | null; logins: readonly Login[] };

function readFiles({ environment, folder, warn }: SettingsSources): Files {
  return {
    project: findProjectFile(folder),
    user: readUserFile(environment.configFolder, warn),
    logins: readLogins(environment.configFolder),
  };
}

async function withoutToken(
  sources: SettingsSources,
  files: Files,
): Promise<Omit<ConnectionSettings, 'token'>> {
  const { flags, environment, folder } = sources;
  const { project, user } = files;
  const address = addressOf(sources, files);
  if (address === null) {
    throw new AppError('config-invalid', {
      publicMessage: 'No server address is given.',
      data: {
        hint: 'Give --address, SALLYPORT_ADDR, or a .sallyport.json in the project. `npx sallyport start` runs a server here and leaves one behind.',
      },
    });
  }
  const own = await ownerOf(address);
  const caFile =
    flags.text('ca-file') ??
    environment.read('SALLYPORT_CA_FILE') ??
    own(project)?.caFile ??
    own(user)?.caFile ??
    null;
  return {
    address,
    caPem: caFile === null ? null : readText(resolve(folder, caFile), 'CA certificates'),
    knownDelegates: await knownDelegatesPath(sources, files, address),
    // Whoever asks for strictness gets it: a project's file cannot talk a user out of it.
    strict:
      flags.has('strict') ||
      environment.isOn('SALLYPORT_STRICT') ||
      project?.strict === true ||
      user?.strict === true,
    allowPlainHttp: flags.has('allow-plain-http') || environment.isOn('SALLYPORT_ALLOW_PLAIN_HTTP'),
  };
}

function addressOf(sources: SettingsSources, files: Files): string | null {
  return addressFrom(sources, files)?.value ?? null;
}

/** A setting and where it was found, in words for a person. */
type Found = { value: string; origin: string };

/** null: nowhere. */
function addressFrom({ flags, environment }: SettingsSources, files: Files): Found | null {
  const { project, user, logins } = files;
  const places: readonly (readonly [origin: string, value: string | null | undefined])[] = [
    ['--address', flags.text('address')],
    ['SALLYPORT_ADDR', environment.read('SALLYPORT_ADDR')],
    [project?.path ?? '', project?.address],
    [user?.path ?? '', user?.address],
    ['the newest login', logins[0]?.address],
  ];
  for (const [origin, value] of places) {
    if (value !== null && value !== undefined) return { value, origin };
  }
  return null;
}

async function knownDelegatesPath(
  { flags, environment, folder }: SettingsSources,
  { project }: Files,
  address: string | null,
): Promise<string> {
  const given = flags.text('known-delegates') ?? environment.read('SALLYPORT_KNOWN_DELEGATES');
  if (given !== null) return resolve(folder, given);
  const own = address === null ? null : (await ownerOf(address))(project);
  return own?.knownDelegates ?? join(environment.configFolder, 'known-delegates.json');
}

/** Tells whether a file is about this address, however both are written; gives the file if so. */
async function ownerOf(address: string): Promise<(file: ConfigFile | null) => ConfigFile | null> {
  const { parseAddress, printAddress } = await import('@sallyport/sdk');
  const normal = (text: string): string => printAddress(parseAddress(text, { allowPlainHttp: true }));
  const wanted = normal(address);
  return (file) => (file !== null && file.address !== null && normal(file.address) === wanted ? file : null);
}

async function tokenFor(address: string, sources: SettingsSources, files: Files): Promise<string> {
  const found = await tokenFrom(address, sources, files);
  if (found !== null) return found.value;
  const { user } = files;
  const elsewhere = user !== null && user.address !== null && (await ownerOf(address))(user) === null;
  throw new AppError('unauthenticated', {
    publicMessage: `No API key is given for ${address}.`,
    data: {
      hint: elsewhere
        ? `The key in ${user.path} is for ${user.address} and is not sent elsewhere. Give --token-file or SALLYPORT_TOKEN.`
        : 'Run `sallyport login`, or give --token-file, SALLYPORT_TOKEN, or a key in the user configuration.',
    },
  });
}

/** The key for this address; null: nowhere. */
async function tokenFrom(address: string, sources: SettingsSources, files: Files): Promise<Found | null> {
  const { flags, environment, folder, warn } = sources;
  const own = await ownerOf(address);
  const [project, user] = [own(files.project), own(files.user)];
  const given = (path: string | null): string | null => (path === null ? null : resolve(folder, path));
  const value = (origin: string, token: string | null | undefined) => async (): Promise<Found | null> =>
    token === null || token === undefined ? null : Promise.resolve({ value: token, origin });
  const file = (origin: string, path: string | null | undefined) => async (): Promise<Found | null> =>
    path === null || path === undefined
      ? null
      : { value: readToken(path, warn), origin: `${path}, named by ${origin}` };
  const places = [
    value('--token', flags.text('token')),
    file('--token-file', given(flags.text('token-file'))),
    value('SALLYPORT_TOKEN', environment.read('SALLYPORT_TOKEN')),
    file('SALLYPORT_TOKEN_FILE', given(environment.read('SALLYPORT_TOKEN_FILE'))),
    async (): Promise<Found | null> => {
      const login = await loginAt(address, files, warn);
      return login === null ? null : { value: login.token, origin: `the login of ${login.user}` };
    },
    file(project?.path ?? '', project?.tokenFile),
    value(user?.path ?? '', user?.token),
    file(user?.path ?? '', user?.tokenFile),
  ];
  for (const place of places) {
    const found = await place();
    if (found !== null) return found;
  }
  return null;
}

/** A login that is still good. */
async function loginAt(
  address: string,
  { logins }: Files,
  warn: (text: string) => void,
): Promise<Login | null> {
  const { parseAddress, printAddress } = await import('@sallyport/sdk');
  const wanted = printAddress(parseAddress(address, { allowPlainHttp: true }));
  const login = logins.find((one) => one.address === wanted) ?? null;
  if (login === null || Date.now() < login.expiresAtMs) return login;
  warn(`note: the login of ${login.user} at ${login.address} has expired. Run: sallyport login`);
  return null;
}

/**
 * A key from a file.
 * @throws {config-invalid} when the file cannot be read or holds something else
 */
function readToken(path: string, warn: (text: string) => void): string {
  const token = readText(path, 'API key').trim();
  // A wrong file name must not send another file's content to a server.
  if (!API_KEY.test(token)) {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} does not hold an API key: one line that begins with sp_key_.`,
    });
  }
  warnIfLoose({ path, mode: statSync(path).mode }, warn);
  return token;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} (${what}) cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`,
      cause: error,
    });
  }
}
