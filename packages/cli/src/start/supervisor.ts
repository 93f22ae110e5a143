// Starts what `sallyport start` consists of, each part in a process of its own: the server, so that it never shares memory with a
// plaintext; the AWS lab, unless the real AWS is to be used; the delegate. Keeps them running, and stops them in order.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Environment } from '../config/environment.ts';
import { startChild } from './child.ts';
import type { Child, ChildOptions } from './child.ts';
import type { Installation } from './installation.ts';
import { LOCAL_DELEGATE } from './installation.ts';
import { keepRunning } from './keep-running.ts';
import type { Keeper } from './keep-running.ts';
import { parseLabFacts } from './lab-facts.ts';
import type { LabFacts } from './lab-facts.ts';

const USUAL_SERVER_PORT = 8200;
const USUAL_LOCAL_PORT = 7271;
const READY_WITHIN_MS = 60_000;
const GRACE_MS = 30_000;

export type SupervisorOptions = {
  installation: Installation;
  /** 0: any free one, kept for as long as this runs. */
  port: number;
  /** Use the AWS that the environment names instead of the lab. */
  realAws: boolean;
  environment: Environment;
  /** Guard file of the delegate; null: none. */
  guardFile: string | null;
  /** Ends a start that is under way. */
  signal: AbortSignal;
  tell: (text: string) => void;
};

export type Running = {
  address: string;
  /** Makes the first user; null: there are users. */
  setupLink: string | null;
  /** Of the delegate, as it reported itself. */
  fingerprint: string;
  /** Where programs on this machine may read, as the delegate reported it. */
  local: string;
  lab: LabFacts | null;
  /** Rejects when a part had to be given up. */
  failed: Promise<never>;
  /** Stops everything: the delegate first, so that it can hand back its tasks. */
  stop(): Promise<void>;
};

/** Starts all parts. What was started is stopped again when one of them fails. */
export async function startAll(options: SupervisorOptions): Promise<Running> {
  const keepers: Keeper[] = [];
  const stop = async (): Promise<void> => {
    for (const keeper of keepers.toReversed()) await keeper.stop(GRACE_MS);
  };
  try {
    const server = await keep(keepers, serverOptions(options, options.port), options);
    const address = server.facts['address'] ?? '';
    const lab = options.realAws
      ? null
      : parseLabFacts((await keep(keepers, labOptions(options), options)).facts);
    const localListen = `127.0.0.1:${await freePort(options.port)}`;
    const delegate = await keep(keepers, delegateOptions(options, { address, lab, localListen }), options);
    return {
      address,
      setupLink: server.facts['setupLink'] ?? null,
      fingerprint: delegate.facts['fingerprint'] ?? '',
      local: delegate.facts['local'] ?? '',
      lab,
      failed: Promise.race(keepers.map((keeper) => keeper.failed)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a part and has it started again, with the same port, whenever it ends. */
async function keep(
  keepers: Keeper[],
  child: ChildOptions,
  { signal, tell }: SupervisorOptions,
): Promise<Child> {
  const first = await startChild(child, signal);
  const again = { ...child, words: withFixedPort(child.words, first.facts) };
  const { name, logFile } = child;
  const startAgain = async (restartSignal: AbortSignal): Promise<Child> => {
    const next = await startChild(again, restartSignal);
    const { setupLink } = next.facts;
    // The one that was shown before is replaced by it.
    if (setupLink !== undefined) tell(`The link that makes the first user is now ${setupLink}`);
    return next;
  };
  keepers.push(keepRunning(first, { name, logFile, tell, start: startAgain }));
  return first;
}

function withFixedPort(words: readonly string[], facts: Readonly<Record<string, string>>): readonly string[] {
  const port = facts['address'] === undefined ? '' : new URL(facts['address']).port;
  return words.map((word, index) => (words[index - 1] === '--port' && port !== '' ? port : word));
}

/** The usual port of local endpoints, when this is the usual server and nobody has taken it; else any. Both parts then keep theirs. */
async function freePort(serverPort: number): Promise<number> {
  const wanted = serverPort === USUAL_SERVER_PORT ? USUAL_LOCAL_PORT : 0;
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? 0;
}

/** Null: it is taken. */
async function tryPort(wanted: number): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const server = createServer();
  server.once('error', () => resolve(null));
  server.listen({ host: '127.0.0.1', port: wanted }, () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
  return promise;
}

function serverOptions({ installation, environment }: SupervisorOptions, port: number): ChildOptions {
  const { serverData, adminKey, delegateToken, logOf } = installation;
  const words = ['server', 'run', '--data', serverData, '--port', String(port)];
  return {
    name: 'server',
    words: [...words, '--admin-key-file', adminKey, '--delegate-token-file', delegateToken],
    environment: environment.forChildren(),
    logFile: logOf('server'),
    readyTimeoutMs: READY_WITHIN_MS,
  };
}

function labOptions({ installation, environment }: SupervisorOptions): ChildOptions {
  return {
    name: 'AWS lab',
    words: ['lab', '--state', installation.labState, '--port', '0'],
    environment: environment.forChildren(),
    logFile: installation.logOf('lab'),
    readyTimeoutMs: READY_WITHIN_MS,
  };
}

function delegateOptions(
  { installation, environment, guardFile }: SupervisorOptions,
  { address, lab, localListen }: { address: string; lab: LabFacts | null; localListen: string },
): ChildOptions {
  const { delegateToken, delegateData, logOf } = installation;
  const words = ['delegate', 'run', '--server', address, '--token-file', delegateToken];
  if (guardFile !== null) words.push('--guard', guardFile);
  // Of the two environments only one: with the lab, no real credentials come near the delegate.
  const aws = lab === null ? environment.aws() : lab.environment;
  return {
    name: 'delegate',
    words: [...words, '--name', LOCAL_DELEGATE, '--data', delegateData, '--local-listen', localListen],
    environment: { ...environment.forChildren(), ...aws },
    logFile: logOf('delegate'),
    readyTimeoutMs: READY_WITHIN_MS,
  };
}
