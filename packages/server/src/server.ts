// Builds the server out of its parts, once, by plain constructor calls, and takes it down again in the opposite order.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { AppError } from '@sallyport/core';
import { apiKeyHandlers } from './access/api-key-handlers.ts';
import { Authenticator } from './access/authenticator.ts';
import { createAdminKey } from './access/create-api-key.ts';
import { GuessLimiter } from './access/guess-limiter.ts';
import { applicationHandlers } from './applications/application-handlers.ts';
import { CatalogueDirectory } from './applications/catalogue-directory.ts';
import { configEntryHandlers } from './applications/config-entry-handlers.ts';
import { environmentHandlers } from './applications/environment-handlers.ts';
import { serviceHandlers } from './applications/service-handlers.ts';
import { SERVER_ACTOR } from './audit/audit-entry.ts';
import { auditHandlers } from './audit/audit-handlers.ts';
import { AuditTrail } from './audit/audit-trail.ts';
import { BackgroundWork } from './background-work.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { parseServerConfig } from './config/server-config.ts';
import type { ServerConfig } from './config/server-config.ts';
import { PublicAddress } from './config/public-address.ts';
import { delegateProfileHandlers } from './delegate-profiles/profile-handlers.ts';
import { StartProfiles } from './delegate-profiles/start-profiles.ts';
import { ConnectedDelegates } from './fleet/connected-delegates.ts';
import { DelegateEndpoint } from './fleet/delegate-endpoint.ts';
import { delegateHandlers } from './fleet/delegate-handlers.ts';
import { DelegateRests } from './fleet/delegate-rests.ts';
import { createDelegateToken, delegateTokenHandlers } from './fleet/delegate-token-handlers.ts';
import { Dispatcher } from './fleet/dispatcher.ts';
import { Fleet } from './fleet/fleet.ts';
import { groupHandlers } from './groups/group-handlers.ts';
import { RightsDirectory } from './groups/rights-directory.ts';
import { Confirmations } from './http/confirmation.ts';
import { Listener } from './http/listener.ts';
import type { ListenerOptions, Pages } from './http/listener.ts';
import type { Handlers } from './http/operation.ts';
import { Probes } from './http/probes.ts';
import { Visitors } from './http/visitor.ts';
import { WebFiles } from './http/web-files.ts';
import { createIdSource } from './id-source.ts';
import { AccountChanges } from './local-reads/account-changes.ts';
import { CallerCheck } from './local-reads/caller-check.ts';
import { openGrantKey } from './local-reads/grant-key.ts';
import { LocalReads } from './local-reads/local-reads.ts';
import { Rechecks } from './local-reads/rechecks.ts';
import { ReleasedVersions } from './local-reads/released-versions.ts';
import { createLogger } from './observability/logger.ts';
import { Metrics } from './observability/metrics.ts';
import { openRootKey } from './root-key/load-root-key.ts';
import { envelopeHandlers } from './secrets/envelope-handlers.ts';
import { scriptHandlers } from './scripts/script-handlers.ts';
import { EnvelopeLookups } from './secrets/envelope-lookups.ts';
import { ReleaseLog } from './secrets/release-log.ts';
import { secretHandlers } from './secrets/secret-handlers.ts';
import { SecretsManagerDirectory } from './secrets-managers/secrets-manager-directory.ts';
import { secretsManagerHandlers } from './secrets-managers/secrets-manager-handlers.ts';
import type { Services } from './services.ts';
import { ssoHandlers } from './sso/sso-handlers.ts';
import { SsoPages } from './sso/sso-pages.ts';
import { openSqliteStore } from './storage/sqlite/sqlite-store.ts';
import type { Store } from './storage/store.ts';
import { workloadHandlers } from './workloads/workload-handlers.ts';
import { PasswordHasher, systemArgon2id } from './users/password-hasher.ts';
import type { Argon2id } from './users/password-hasher.ts';
import { myHandlers } from './users/me-handlers.ts';
import { sessionHandlers } from './users/session-handlers.ts';
import { createSetupLink } from './users/set-up.ts';
import { totpHandlers } from './users/totp-handlers.ts';
import { userHandlers } from './users/user-handlers.ts';
import { SessionAuthenticator } from './users/session-authenticator.ts';

/** Parts to use instead of the usual ones. A store given here is not closed by the server. */
export type ServerDependencies = { store?: Store; clock?: Clock; logger?: Logger; argon2id?: Argon2id };

export type RunningServer = {
  /** E.g. `http://127.0.0.1:8200`. */
  readonly address: string;
  /** Finishes running requests within the grace period, then ends everything. */
  close(): Promise<void>;
  /** Creates an API key that does not expire, and gives its value. @throws {name-taken} {invalid-name} */
  createAdminKey(name: string): Promise<string>;
  /** Creates a delegate token that neither expires nor demands approval, and gives its value. @throws {name-taken} {invalid-name} */
  createDelegateToken(name: string): Promise<string>;
  /** A one-time link that makes the first user, an account administrator, in place of earlier ones; null: there are users. */
  createSetupLink(): Promise<string | null>;
};

/** The database file within the data folder. */
export const DATABASE_FILE = 'sallyport.db';

/** How long delegates get to say goodbye after the last request has ended. */
const GOODBYE_MS = 500;

/**
 * Starts a server and resolves when it listens.
 * @throws {config-invalid} {root-key-mismatch} {storage-unavailable}
 */
export async function startServer(
  config: ServerConfig,
  dependencies: ServerDependencies = {},
): Promise<RunningServer> {
  const checked = parseServerConfig(config);
  const clock = dependencies.clock ?? systemClock;
  const logger = dependencies.logger ?? createLogger({ level: checked.logLevel });
  const tls = await readTls(checked);
  const store = dependencies.store ?? (await openStore(checked, clock));
  const closeStore = async (): Promise<void> => {
    if (dependencies.store === undefined) await store.close();
  };
  try {
    const { argon2id = systemArgon2id } = dependencies;
    return await start({ config: checked, clock, logger, argon2id, store, tls, closeStore });
  } catch (thrown) {
    await closeStore();
    throw thrown;
  }
}

type Parts = {
  config: ServerConfig;
  clock: Clock;
  logger: Logger;
  argon2id: Argon2id;
  store: Store;
  tls: ListenerOptions['tls'];
  closeStore: () => Promise<void>;
};

async function start(parts: Parts): Promise<RunningServer> {
  const { config, clock, logger, store } = parts;
  const { services, metrics } = await buildServices(parts);
  const { fleet, ids, background, authenticator, publicAddress } = services;
  const leftOver = await store.uploads.removeUnattached();
  if (leftOver > 0) logger.info({ uploads: leftOver }, 'removed uploads that were never finished');
  const probes = new Probes({ store, clock, metrics, delegatesConnected: () => fleet.delegates.size });
  const endpoint = new DelegateEndpoint({
    store,
    clock,
    ids,
    background,
    delegates: fleet.delegates,
    accountId: services.auditTrail.accountId,
    grantKey: services.grantKey,
    localReads: new LocalReads({
      ...services,
      callers: new CallerCheck(services),
      released: new ReleasedVersions(),
    }),
    startProfiles: services.startProfiles,
    logger,
  });
  const visitors = new Visitors({ publicAddress, trustedProxies: config.trustedProxies });
  const ssoPages = new SsoPages({ ...services, visitors });
  const webFiles = new WebFiles(config.webFolder ?? undefined);
  const pages: Pages = {
    serve: async (path, to) => (await ssoPages.serve(path, to)) ?? webFiles.serve(path, to),
  };
  const listener = new Listener(
    {
      handlers: buildHandlers(services),
      authenticator,
      visitors,
      clock,
      probes,
      pages,
      ids,
      metrics,
      logger,
    },
    { host: config.listenHost, port: config.port, tls: parts.tls },
  );
  listener.onUpgrade((request, socket, head) => {
    endpoint.upgrade(request, socket, head);
  });
  const address = await listener.listen();
  publicAddress.listensOn(address);
  fleet.delegates.watch();
  const rechecks = new Rechecks({ clock, delegates: fleet.delegates, changes: services.changes });
  services.auditTrail.start();
  logger.info({ address }, 'server listens');
  let closing: Promise<void> | null = null;
  const byServer = () => ({ atMs: clock.nowMs(), actor: SERVER_ACTOR, requestId: null });
  return {
    address,
    close: async () => {
      closing ??= stop({ listener, endpoint, background, rechecks, auditTrail: services.auditTrail, parts });
      await closing;
    },
    createAdminKey: async (name) => createAdminKey(name, byServer(), services),
    createDelegateToken: async (name) => {
      const input = { name, expiresInSeconds: null, requiresApproval: false };
      return (await createDelegateToken(input, byServer(), services)).value;
    },
    createSetupLink: async () => createSetupLink(byServer(), services),
  };
}

async function buildServices(parts: Parts): Promise<{ services: Services; metrics: Metrics }> {
  const { config, clock, logger, store } = parts;
  const source = 'file' in config.rootKey ? { path: config.rootKey.file } : { base64: config.rootKey.base64 };
  const rootKey = await openRootKey(store, source);
  const ids = createIdSource(clock);
  const background = new BackgroundWork(logger);
  const rests = new DelegateRests(clock);
  const delegates = new ConnectedDelegates({ clock, rests });
  const metrics = new Metrics({ delegatesConnected: () => delegates.size });
  const changes = new AccountChanges();
  const rights = new RightsDirectory({ store, clock, changes });
  const sessions = new SessionAuthenticator({ store, clock, background, config });
  const fleet = new Fleet({ store, clock, delegates });
  const timeoutMs = config.taskTimeoutSeconds * 1000;
  const dispatcher = new Dispatcher({ ids, rootKey, rests, metrics }, { timeoutMs });
  const catalogue = new CatalogueDirectory({ store, clock, changes });
  const directory = new SecretsManagerDirectory({ store, clock, changes });
  const releases = new ReleaseLog(store);
  const services: Services = {
    config,
    store,
    clock,
    ids,
    rootKey,
    grantKey: await openGrantKey(store, rootKey),
    confirmations: new Confirmations(rootKey),
    background,
    rests,
    authenticator: new Authenticator({ store, clock, background, rights, sessions }),
    publicAddress: new PublicAddress(config.publicUrl),
    sessions,
    guesses: new GuessLimiter(clock),
    passwords: new PasswordHasher(parts.argon2id),
    rights,
    catalogue,
    directory,
    fleet,
    dispatcher,
    changes,
    lookups: new EnvelopeLookups(store),
    releases,
    startProfiles: new StartProfiles({
      store,
      clock,
      ids,
      releases,
      catalogue,
      directory,
      dispatcher,
      background,
      fleet,
    }),
    auditTrail: await AuditTrail.open({
      config,
      store,
      clock,
      background,
      fleet,
      dispatcher,
      metrics,
      logger,
    }),
  };
  return { services, metrics };
}

function buildHandlers(services: Services): Handlers {
  return {
    ...apiKeyHandlers(services),
    ...applicationHandlers(services),
    ...environmentHandlers(services),
    ...serviceHandlers(services),
    ...configEntryHandlers(services),
    ...auditHandlers(services),
    ...delegateHandlers(services),
    ...delegateProfileHandlers(services),
    ...delegateTokenHandlers(services),
    ...myHandlers(services),
    ...sessionHandlers(services),
    ...totpHandlers(services),
    ...userHandlers(services),
    ...groupHandlers(services),
    ...scriptHandlers(services),
    ...secretHandlers(services),
    ...envelopeHandlers(services),
    ...secretsManagerHandlers(services),
    ...ssoHandlers(services),
    ...workloadHandlers(services),
  };
}

async function stop(running: {
  listener: Listener;
  endpoint: DelegateEndpoint;
  background: BackgroundWork;
  rechecks: Rechecks;
  auditTrail: AuditTrail;
  parts: Parts;
}): Promise<void> {
  const { listener, endpoint, background, rechecks, auditTrail, parts } = running;
  const { clock, config } = parts;
  // Delegates stay until the running requests have their answers.
  await listener.drain(config.shutdownGraceSeconds * 1000);
  endpoint.close();
  rechecks.stop();
  const cancel = clock.after(GOODBYE_MS, () => {
    endpoint.terminate();
  });
  await listener.close();
  cancel();
  await auditTrail.stop();
  await background.settled();
  await parts.closeStore();
  parts.logger.info('server stopped');
}

async function openStore(config: ServerConfig, clock: Clock): Promise<Store> {
  try {
    await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw new AppError('config-invalid', {
      publicMessage: `The data folder ${config.dataFolder} cannot be made: ${(thrown as Error).message}.`,
      cause: thrown,
    });
  }
  return openSqliteStore({ path: join(config.dataFolder, DATABASE_FILE), clock });
}

async function readTls(config: ServerConfig): Promise<ListenerOptions['tls']> {
  const { tlsCertificateFile, tlsKeyFile } = config;
  if (tlsCertificateFile === null || tlsKeyFile === null) return null;
  const read = async (path: string): Promise<string> => {
    try {
      return await readFile(path, 'utf8');
    } catch (thrown) {
      throw new AppError('config-invalid', {
        publicMessage: `The file ${path} cannot be read: ${(thrown as Error).message}.`,
        cause: thrown,
      });
    }
  };
  return { certificate: await read(tlsCertificateFile), key: await read(tlsKeyFile) };
}
