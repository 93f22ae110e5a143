// The two configuration files. The project's, `.sallyport.json`, is found from the working directory upwards and may be committed, so
// it holds no key; and since somebody else may have written it, it can name files in its own folder only. The user's is private. Read
// without waiting: each detour through another thread takes longer than the file does, and `run` starts with several.
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import { readStrictObject } from './strict-object.ts';
import type { FieldKind, StrictObject } from './strict-object.ts';

export const PROJECT_FILE = '.sallyport.json';
export const USER_FILE = 'config.json';

const PROJECT_FIELDS = {
  address: 'text',
  // Beside or below this file, all three.
  tokenFile: 'text',
  caFile: 'text',
  knownDelegates: 'text',
  strict: 'flag',
  // In which secrets are used, by name or id.
  application: 'text',
  environment: 'text',
} as const;

const USER_FIELDS = {
  address: 'text',
  token: 'text',
  tokenFile: 'text',
  caFile: 'text',
  strict: 'flag',
} as const;

/** What a configuration file says; paths are absolute. */
export type ConfigFile = {
  /** Where it is. */
  path: string;
  address: string | null;
  token: string | null;
  tokenFile: string | null;
  caFile: string | null;
  knownDelegates: string | null;
  strict: boolean;
  /** Where secrets are used; the project's file only. */
  application: string | null;
  environment: string | null;
};

/**
 * The project's configuration: the nearest `.sallyport.json` in `folder` or above; `null` when there is none.
 * @throws {config-invalid} when it is damaged, has unknown fields, or names a file outside its folder
 */
export function findProjectFile(folder: string): ConfigFile | null {
  for (let current = resolve(folder); ; current = dirname(current)) {
    const path = join(current, PROJECT_FILE);
    const found = readJson(path);
    if (found !== null) return projectFileOf(path, found.json);
    if (dirname(current) === current) return null;
  }
}

/**
 * The user's configuration; `null` when there is none.
 * @param warn told when others can read a file with a key in it
 * @throws {config-invalid} when it is damaged or has unknown fields
 */
export function readUserFile(configFolder: string, warn: (text: string) => void): ConfigFile | null {
  const path = join(configFolder, USER_FILE);
  const found = readJson(path);
  if (found === null) return null;
  const config = parsed(USER_FIELDS, { path, json: found.json });
  if (config.address === null && (config.token ?? config.tokenFile) !== null) {
    throw unusable(path, 'a key needs an address: it is sent to that server only');
  }
  if (config.token !== null) warnIfLoose({ path, mode: found.mode }, warn);
  const absolute = (name: string | null): string | null =>
    name === null ? null : resolve(configFolder, name);
  return {
    path,
    address: config.address,
    token: config.token,
    tokenFile: absolute(config.tokenFile),
    caFile: absolute(config.caFile),
    knownDelegates: null,
    strict: config.strict ?? false,
    application: null,
    environment: null,
  };
}

/** Warns when others than its owner can read a file that holds a key. */
export function warnIfLoose(file: { path: string; mode: number }, warn: (text: string) => void): void {
  if ((file.mode & 0o077) === 0) return;
  const mode = (file.mode & 0o777).toString(8).padStart(4, '0');
  warn(
    `warning: others can read ${file.path}, which holds a key (mode ${mode}). Run: chmod 600 ${file.path}`,
  );
}

function projectFileOf(path: string, json: unknown): ConfigFile {
  const config = parsed(PROJECT_FIELDS, { path, json });
  if (config.address === null) throw unusable(path, 'address is missing');
  const inside = (name: string | null): string | null => (name === null ? null : insideFolderOf(path, name));
  return {
    path,
    address: config.address,
    token: null,
    tokenFile: inside(config.tokenFile),
    caFile: inside(config.caFile),
    knownDelegates: inside(config.knownDelegates),
    strict: config.strict ?? false,
    application: config.application,
    environment: config.environment,
  };
}

/** A cloned project must not be able to have `~/.ssh/id_ed25519` sent to a server of its choice. */
function insideFolderOf(path: string, name: string): string {
  const folder = realpathSync(dirname(path));
  const target = resolve(folder, name);
  const real = existing(target);
  for (const candidate of [target, real]) {
    const way = relative(folder, candidate);
    if (way === '' || way.startsWith('..') || isAbsolute(way)) {
      throw new AppError('config-invalid', {
        publicMessage: `${path} names a file outside its own folder. A project's configuration can name only files beside or below it.`,
        data: { hint: 'Use SALLYPORT_TOKEN_FILE or the user configuration for files elsewhere.' },
      });
    }
  }
  return target;
}

/** Where links lead; the path itself where nothing is. */
function existing(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readJson(path: string): { json: unknown; mode: number } | null {
  try {
    const { mode } = statSync(path);
    return { json: JSON.parse(readFileSync(path, 'utf8')), mode };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return null;
    }
    // Not the parser's own words: they repeat what is in the file.
    const why = error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
    throw new AppError('config-invalid', {
      publicMessage: `The configuration file ${path} cannot be used: ${why}.`,
      cause: error,
    });
  }
}

/** @throws {config-invalid} */
function parsed<F extends Readonly<Record<string, FieldKind>>>(
  fields: F,
  { path, json }: { path: string; json: unknown },
): StrictObject<F> {
  const outcome = readStrictObject(json, fields);
  if ('problem' in outcome) throw unusable(path, outcome.problem);
  return outcome.object;
}

function unusable(path: string, problem: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The configuration file ${path} cannot be used: ${problem}.`,
  });
}
