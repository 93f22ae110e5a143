// Where `sallyport start` keeps things, and what it leaves behind for the commands that come after it: the project's configuration, the
// known delegate, a secrets manager to begin with.
import { access, mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { isAppError } from '@sallyport/core';
import type { Client, FileKnownDelegates } from '@sallyport/sdk';
import { findProjectFile, PROJECT_FILE } from '../config/config-files.ts';
import type { ConfigFile } from '../config/config-files.ts';
import { contentOf, writePrivateFile } from '../output/write-file.ts';

/** Name of the delegate that `start` runs, and the selector for it. */
export const LOCAL_DELEGATE = 'local';
const FIRST_SECRETS_MANAGER = 'built-in';

/** Absolute paths below the data folder. */
export type Installation = {
  folder: string;
  serverData: string;
  delegateData: string;
  labState: string;
  adminKey: string;
  delegateToken: string;
  knownDelegates: string;
  /** Gives the log file of a child. */
  logOf: (name: string) => string;
  /** There was no API key yet when `start` began. */
  isNew: boolean;
};

/** Makes the folders that are missing, for their owner only. */
export async function openInstallation(folder: string): Promise<Installation> {
  for (const name of ['', 'server', 'delegate', 'lab', 'logs']) {
    await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  }
  const adminKey = join(folder, 'admin-key');
  return {
    folder,
    serverData: join(folder, 'server'),
    delegateData: join(folder, 'delegate'),
    labState: join(folder, 'lab', 'state.json'),
    adminKey,
    delegateToken: join(folder, 'delegate-token'),
    knownDelegates: join(folder, 'known-delegates.json'),
    logOf: (name) => join(folder, 'logs', `${name}.log`),
    isNew: !(await isThere(adminKey)),
  };
}

/** The API key that the first start has made. */
export async function readAdminKey(installation: Installation): Promise<string> {
  return (await readFile(installation.adminKey, 'utf8')).trim();
}

/**
 * Remembers the delegate that was just started here under the identity that it reported itself, so that no command has to take the
 * server's word for it.
 */
export async function rememberDelegate(
  known: FileKnownDelegates,
  delegate: { server: string; fingerprint: string },
): Promise<void> {
  await known.trust({ ...delegate, name: LOCAL_DELEGATE }, { replace: true });
}

/** Creates a built-in secrets manager as default where there is no secrets manager yet. @returns its name, or `null` */
export async function createFirstSecretsManager(client: Client): Promise<string | null> {
  const { secretsManagers } = await client.call('listSecretsManagers');
  if (secretsManagers.length > 0) return null;
  await client.call('createSecretsManager', {
    body: {
      name: FIRST_SECRETS_MANAGER,
      settings: { kind: 'built-in', selectors: [LOCAL_DELEGATE] },
      makeDefault: true,
    },
  });
  return FIRST_SECRETS_MANAGER;
}

/**
 * Leaves `.sallyport.json` in the working directory. One that somebody else wrote is left alone.
 * @returns what to tell, or `null` when the file is in place
 */
export async function writeProjectFile(
  installation: Installation,
  { address, folder }: { address: string; folder: string },
): Promise<string | null> {
  const path = join(await realpath(folder), PROJECT_FILE);
  const own = relative(dirname(path), await realpath(installation.folder));
  if (own === '' || own.startsWith('..')) {
    return `The data folder is not below ${folder}, so no ${PROJECT_FILE} is left there. Set SALLYPORT_ADDR=${address} and SALLYPORT_TOKEN_FILE=${installation.adminKey}.`;
  }
  const tokenFile = join(own, 'admin-key');
  const found = await ownProjectFile(path, join(dirname(path), tokenFile));
  if (found === 'foreign') {
    return `${path} is somebody else's and was left alone. Set SALLYPORT_ADDR=${address} and SALLYPORT_TOKEN_FILE=${installation.adminKey}.`;
  }
  if (found?.address === address) return null;
  const content = {
    address,
    tokenFile,
    knownDelegates: join(own, 'known-delegates.json'),
    ...(found?.strict === true ? { strict: true } : {}),
  };
  await writePrivateFile(path, contentOf(`${JSON.stringify(content, null, 2)}\n`));
  return null;
}

/** The file at `path` if it is about our own key; `null` when there is none. */
async function ownProjectFile(path: string, tokenFile: string): Promise<ConfigFile | 'foreign' | null> {
  if (!(await isThere(path))) return null;
  try {
    const found = findProjectFile(dirname(path));
    return found?.tokenFile === tokenFile ? found : 'foreign';
  } catch (error) {
    if (isAppError(error)) return 'foreign';
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
