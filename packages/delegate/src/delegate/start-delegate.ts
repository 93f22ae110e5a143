// Puts a delegate together and starts it. All wiring is here, by plain constructor calls; nothing else in the package knows more
// than its neighbours.
import { DelegateSessions } from '@sallyport/protocol/sealing';
import { CheckpointBook } from '../checkpoints/checkpoint-book.ts';
import type { DelegateConfig } from '../config/delegate-config.ts';
import { connectAddressOf } from '../config/server-address.ts';
import { prepareDial } from '../connection/dial.ts';
import { ServerConnection } from '../connection/server-connection.ts';
import { openDataFolder } from '../data-folder/data-folder.ts';
import type { DataFolder } from '../data-folder/data-folder.ts';
import { DataKeyCache } from '../data-key-cache/data-key-cache.ts';
import { Guard } from '../guard/guard.ts';
import { NO_GUARD_FILE, readGuardFile } from '../guard/guard-file.ts';
import { loadIdentity } from '../identity/identity.ts';
import { AwsKmsKeys } from '../key-providers/aws-kms.ts';
import { BuiltInKeys } from '../key-providers/built-in.ts';
import { ConfiguredManagers } from '../key-providers/configured-managers.ts';
import type { KeyProviderSources } from '../key-providers/configured-managers.ts';
import { checkScriptUser } from '../scripts/script-user.ts';
import { DataKeys } from '../key-providers/data-keys.ts';
import { createLogger } from '../log/logger.ts';
import type { Logger } from '../log/logger.ts';
import { RunningScripts } from '../scripts/running-scripts.ts';
import { ProfileBook } from '../start-profiles/profile-book.ts';
import { taskErrors } from '../tasks/task-error.ts';
import { TaskRunner } from '../tasks/task-runner.ts';
import type { TaskServices } from '../tasks/task-services.ts';
import { systemTime } from '../time/time.ts';
import type { Time } from '../time/time.ts';
import { Delegate } from './delegate.ts';
import { LocalReading } from './local-reading.ts';
import type { RunningDelegate } from './running-delegate.ts';

/** What may be replaced, for tests and for embedding in another process. */
export type DelegateDependencies = {
  time?: Time;
  /** Jitter of reconnects: a number from 0 to below 1. */
  random?: () => number;
  /** Default: JSON lines on stderr. */
  logger?: Logger;
  keyProviderSources?: Partial<KeyProviderSources>;
};

/**
 * Starts a delegate: takes the data folder, reads or makes the identity, reads the guard file, and dials. Returns before the
 * server has answered; see `connected`.
 * @throws {config-invalid} when folder, identity, guard file or CA file are not usable, or another process uses the folder
 */
export async function startDelegate(
  config: DelegateConfig,
  dependencies: DelegateDependencies = {},
): Promise<RunningDelegate> {
  const folder = await openDataFolder(config.dataFolder);
  try {
    return await startInFolder(config, folder, dependencies);
  } catch (thrown) {
    await folder.release();
    throw thrown;
  }
}

async function startInFolder(
  config: DelegateConfig,
  folder: DataFolder,
  dependencies: DelegateDependencies,
): Promise<RunningDelegate> {
  const { time = systemTime, logger = createLogger({ level: config.logLevel }) } = dependencies;
  const { identity, isNew } = await loadIdentity(folder);
  const guardFile = config.guardFile === null ? NO_GUARD_FILE : await readGuardFile(config.guardFile);
  const guard = new Guard(guardFile, time);
  checkScriptUser(guardFile.scripts);
  const address = connectAddressOf(config.serverUrl, config);
  const dial = await prepareDial({ address, caFile: config.caFile });
  const facts = { name: config.name, fingerprint: identity.fingerprint, server: address.origin };
  logger.info(facts, isNew ? 'delegate starts with a new identity' : 'delegate starts');
  const aws = new AwsKmsKeys({ config, endpoints: guard.endpoints, time });
  const sources: KeyProviderSources = {
    'aws-kms': aws,
    'built-in': new BuiltInKeys({ folder, time }),
    ...dependencies.keyProviderSources,
  };
  const managers = new ConfiguredManagers(sources);
  const cache = new DataKeyCache({ time, maxEntries: config.maxCachedDataKeys });
  const sessions = new DelegateSessions({
    identityPrivateKey: identity.privateKey,
    name: config.name,
    clock: () => time.nowMs(),
    onOffer: (offer) => delegate.publish({ type: 'offer', offer }),
  });
  const book = new ProfileBook(folder);
  const services: TaskServices = {
    sessions,
    managers,
    keys: new DataKeys({ managers, cache, guard }),
    cache,
    guard,
    identities: aws,
    scripts: new RunningScripts(logger),
    profiles: book,
    logger,
    time,
    checkpoints: new CheckpointBook({ folder, identity, time, logger, server: address.origin }),
    toError: taskErrors({ name: config.name, logger }),
  };
  const runner = new TaskRunner({ services, time, logger, limits: config });
  const server = address.origin;
  const local = await LocalReading.open({ config, folder, identity, services, time, logger, server });
  const { random = Math.random } = dependencies;
  const delegate = new Delegate({
    parts: { config, identity, services, runner, local, sources, folder, book, logger },
    connectionWith: (handlers) => new ServerConnection({ dial, time, random, logger, handlers }),
  });
  try {
    await local.listen();
  } catch (thrown) {
    await local.close();
    throw thrown;
  }
  delegate.start();
  return delegate;
}
