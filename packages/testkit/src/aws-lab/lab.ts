// Puts a lab together: stores, services, listeners, control. The one place where its parts meet.
import { AppError } from '@sallyport/core';
import { makeAuthenticator } from './authenticate.ts';
import { makeCallLog } from './call-log.ts';
import type { CallFilter, LabCall } from './call-log.ts';
import { makeFaultTable } from './faults.ts';
import type { Faults } from './faults.ts';
import { ecsPathOf, makeHostCredentials } from './host-credentials.ts';
import type { EcsSettings, HostCredentials, ImdsSettings } from './host-credentials.ts';
import { DEFAULT_ACCOUNT_ID, IdentityStore } from './identity-store.ts';
import { KeyStore } from './key-store.ts';
import { isKmsRequest, recogniseKmsCall } from './kms-service.ts';
import { makeIdentityAdmin, makeKeyAdmin, makeSessionAdmin } from './lab-admin.ts';
import type { IdentityAdmin, KeyAdmin, SessionAdmin } from './lab-admin.ts';
import { makeLabClock } from './lab-clock.ts';
import type { LabClock } from './lab-clock.ts';
import { startControl } from './control.ts';
import type { ControlAccess } from './control.ts';
import type { Listener } from './listener.ts';
import { startListener } from './listener.ts';
import { makeMasterSecret } from './master-secret.ts';
import { makeHandler } from './serve.ts';
import { makeSessionTokens } from './session-token.ts';
import { readStateFile, writeStateFile } from './state-file.ts';
import { isStsRequest, recogniseStsCall } from './sts-service.ts';
import { makeWebIdentities } from './web-identity.ts';

export type AwsLabOptions = {
  /** One port for all services. Without it each service has a free port of its own, so that each can be cut off alone. */
  port?: number;
  /** Where the lab's time comes from, in milliseconds since the epoch; the machine's clock unless given. */
  now?: () => number;
  /** How far a caller's clock may be off; AWS's own limits (KMS 5 minutes, STS 15) unless given. `Infinity` switches the check off. */
  clockSkewToleranceMs?: number;
  /** 64 hex digits from which all material is derived; random unless given. A state file has its own. */
  seed?: string;
  /** Keeps keys, users and roles over restarts. */
  stateFile?: string;
  /** Opens a control port, protected by a random token; off unless `true`. */
  control?: boolean;
  /** How many calls the log keeps; 10,000 unless given. */
  logCapacity?: number;
};

/** The parts of a lab that can be cut off from the network; `imds` stands for the container endpoint too. */
export type LabEndpoint = 'kms' | 'sts' | 'imds';

export type AwsLab = {
  /** Serves every service; the same as `kmsEndpoint`. */
  url: string;
  kmsEndpoint: string;
  stsEndpoint: string;
  /** For `AWS_EC2_METADATA_SERVICE_ENDPOINT`. */
  imdsEndpoint: string;
  /** An endpoint that takes signatures for one region only, as real ones do. */
  kmsEndpointIn(region: string): string;
  stsEndpointIn(region: string): string;
  /** For `AWS_CONTAINER_CREDENTIALS_FULL_URI`; the role by name (default account) or ARN. @throws {not-found} */
  ecsCredentialsUri(role: string): string;
  clock: LabClock;
  keys: KeyAdmin;
  identities: IdentityAdmin;
  sessions: SessionAdmin;
  /** Settings of the instance metadata service; `set` changes the ones given. */
  imds: { get(): Readonly<ImdsSettings>; set(change: Partial<ImdsSettings>): void };
  /** Settings of the container credentials endpoint. */
  ecs: { get(): Readonly<EcsSettings>; set(change: Partial<EcsSettings>): void };
  faults: Faults;
  /** Calls so far, oldest first. */
  calls(filter?: CallFilter): LabCall[];
  resetCalls(): void;
  /** Refuses connections to an endpoint and breaks the open ones, until `heal`. Needs a lab without a fixed port. */
  partition(endpoint: LabEndpoint): Promise<void>;
  heal(endpoint: LabEndpoint): Promise<void>;
  /** Address and token of the control port, or `null` when there is none. */
  control: ControlAccess | null;
  close(): Promise<void>;
};

type Core = ReturnType<typeof buildCore>;

/**
 * Starts a lab on 127.0.0.1.
 * @throws {config-invalid} when the state file is not one of this version
 */
export async function startAwsLab(options: AwsLabOptions = {}): Promise<AwsLab> {
  const core = buildCore(options);
  const handler = makeHandler(core);
  const main = await startListener(handler, options.port ?? 0);
  const isShared = options.port !== undefined;
  const listeners: Record<LabEndpoint, Listener> = {
    kms: main,
    sts: isShared ? main : await startListener(handler, 0),
    imds: isShared ? main : await startListener(handler, 0),
  };
  const lab = assemble(core, listeners, isShared);
  if (options.control !== true) return lab;
  const control = await startControl(lab);
  return {
    ...lab,
    control: control.access,
    close: async () => {
      await control.close();
      await lab.close();
    },
  };
}

function assemble(core: Core, listeners: Record<LabEndpoint, Listener>, isShared: boolean): AwsLab {
  const { log, host, save } = core;
  return {
    url: listeners.kms.url,
    kmsEndpoint: listeners.kms.url,
    stsEndpoint: listeners.sts.url,
    imdsEndpoint: listeners.imds.url,
    kmsEndpointIn: (region) => `${listeners.kms.url}/regions/${region}`,
    stsEndpointIn: (region) => `${listeners.sts.url}/regions/${region}`,
    ecsCredentialsUri: (role) => {
      const arn = role.startsWith('arn:') ? role : `arn:aws:iam::${DEFAULT_ACCOUNT_ID}:role/${role}`;
      return listeners.imds.url + ecsPathOf(core.identities.role(arn));
    },
    clock: core.clock,
    keys: makeKeyAdmin(core.keys),
    identities: makeIdentityAdmin(core),
    sessions: makeSessionAdmin(core),
    imds: settingsAccess(host.imds, save),
    ecs: settingsAccess(host.ecs, save),
    faults: core.faults,
    calls: (filter) => log.calls(filter),
    resetCalls: () => log.reset(),
    partition: async (endpoint) => {
      const listener = listenerOf(listeners, endpoint);
      if (isShared) {
        throw new AppError('invalid-request', {
          publicMessage: 'This lab serves everything on one port, so a single endpoint cannot be cut off.',
        });
      }
      await listener.stop();
    },
    heal: async (endpoint) => {
      await listenerOf(listeners, endpoint).start();
    },
    control: null,
    close: async () => {
      await Promise.all(Object.values(listeners).map(async (listener) => listener.stop()));
    },
  };
}

function listenerOf(listeners: Record<LabEndpoint, Listener>, endpoint: LabEndpoint): Listener {
  if (Object.hasOwn(listeners, endpoint)) return listeners[endpoint];
  throw new AppError('invalid-request', { publicMessage: 'The endpoints are kms, sts and imds.' });
}

/** Stores and services, without the network. */
function buildCore(options: AwsLabOptions) {
  const clock = makeLabClock(options.now);
  const now = (): number => clock.now();
  const { stateFile } = options;
  const saved = stateFile === undefined ? null : readStateFile(stateFile);
  const master = makeMasterSecret(saved?.master ?? options.seed);
  const save = (): void => {
    if (stateFile !== undefined) writeStateFile(stateFile, stateOf({ master, identities, keys, host }));
  };
  const identities = new IdentityStore(save);
  const keys = new KeyStore({ master, now, changed: save });
  const tokens = makeSessionTokens(master);
  const host = makeHostCredentials({ identities, tokens, now });
  if (saved !== null) {
    identities.load(saved.identities);
    keys.load(saved.keys);
    host.imds.roleArn = saved.host.imdsRoleArn;
    host.ecs.authorizationToken = saved.host.ecsAuthorizationToken;
  }
  const webIdentities = makeWebIdentities({ master, identities, now });
  const authenticate = makeAuthenticator({ identities, tokens, master, now });
  const kmsSkew = options.clockSkewToleranceMs ?? 5 * 60_000;
  const stsSkew = options.clockSkewToleranceMs ?? 15 * 60_000;
  const kms = { authenticate, keys, now, clockSkewToleranceMs: kmsSkew };
  const sts = { authenticate, identities, tokens, webIdentities, now, clockSkewToleranceMs: stsSkew };
  return {
    clock,
    now,
    master,
    identities,
    keys,
    tokens,
    host,
    webIdentities,
    save,
    faults: makeFaultTable(),
    log: makeCallLog(options.logCapacity ?? 10_000),
    recognise: (request: Parameters<HostCredentials['recognise']>[0]) => {
      if (isKmsRequest(request)) return recogniseKmsCall(kms, request);
      if (isStsRequest(request)) return recogniseStsCall(sts, request);
      return host.recognise(request);
    },
  };
}

function stateOf(
  core: Pick<Core, 'master' | 'identities' | 'keys' | 'host'>,
): Parameters<typeof writeStateFile>[1] {
  return {
    version: 1,
    master: core.master.hex,
    identities: core.identities.save(),
    keys: core.keys.save(),
    host: {
      imdsRoleArn: core.host.imds.roleArn,
      ecsAuthorizationToken: core.host.ecs.authorizationToken,
    },
  };
}

function settingsAccess<Settings extends object>(
  settings: Settings,
  changed: () => void,
): { get(): Readonly<Settings>; set(change: Partial<Settings>): void } {
  return {
    get: () => ({ ...settings }),
    set: (change) => {
      Object.assign(settings, change);
      changed();
    },
  };
}
