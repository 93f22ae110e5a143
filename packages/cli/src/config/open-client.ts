// From settings to a client, with what a person should be told on the way. The SDK is loaded here, so that commands that need no
// server start without it.
import type { Client, FileKnownDelegates, NodeClientOptions, RouteTable } from '@sallyport/sdk';
import type { ScriptClient } from '@sallyport/sdk/scripts';
import type { Invocation } from '../command-line/command.ts';
import { printableLine } from '../output/printable.ts';
import { readAddress, readConnectionSettings } from './connection-settings.ts';
import type { ConnectionSettings } from './connection-settings.ts';

type Opening = Pick<Invocation, 'flags' | 'terminal' | 'environment' | 'folder'>;

type Work<T, C = Client> = (client: C, known: FileKnownDelegates) => Promise<T>;

/** Runs `work` with a client of the server that the invocation means, and closes it. */
export async function withClient<T>(invocation: Opening, work: Work<T>): Promise<T> {
  const settings = await readConnectionSettings({ ...invocation, warn: warnOn(invocation) });
  return withSettings(
    invocation,
    { ...settings, routes: await allRoutes() },
    { create: await usual(), work },
  );
}

/**
 * As `withClient`, but the form of answers is believed, so that no schemas are loaded: for what starts other programs. What is sealed is
 * checked in any case.
 */
export async function withQuickClient<T>(invocation: Opening, work: Work<T>): Promise<T> {
  const settings = await readConnectionSettings({ ...invocation, warn: warnOn(invocation) });
  return withSettings(invocation, { ...settings, routes: null }, { create: await usual(), work });
}

/** As `withClient`, with one that runs scripts. */
export async function withScriptClient<T>(invocation: Opening, work: Work<T, ScriptClient>): Promise<T> {
  const settings = await readConnectionSettings({ ...invocation, warn: warnOn(invocation) });
  const { createScriptClient } = await import('@sallyport/sdk/scripts');
  return withSettings(
    invocation,
    { ...settings, routes: await allRoutes() },
    { create: createScriptClient, work },
  );
}

/** The same with another key than the settings would give; null: none, for operations that anybody may call. */
export async function withKey<T>(invocation: Opening, token: string | null, work: Work<T>): Promise<T> {
  const settings = await readAddress({ ...invocation, warn: warnOn(invocation) });
  return withSettings(
    invocation,
    { ...settings, token, routes: await allRoutes() },
    { create: await usual(), work },
  );
}

async function usual(): Promise<(options: NodeClientOptions) => Client> {
  return (await import('@sallyport/sdk')).createClient;
}

async function allRoutes(): Promise<RouteTable> {
  return (await import('@sallyport/protocol')).ROUTES;
}

function warnOn({ terminal }: Opening): (text: string) => void {
  return (text) => {
    terminal.stderr.write(`${text}\n`);
  };
}

async function withSettings<T, C extends Client>(
  invocation: Opening,
  settings: Omit<ConnectionSettings, 'token'> & { token: string | null; routes: RouteTable | null },
  { create, work }: { create: (options: NodeClientOptions) => C; work: Work<T, C> },
): Promise<T> {
  const { flags, environment } = invocation;
  const warn = warnOn(invocation);
  const sdk = await import('@sallyport/sdk');
  const { address, token, routes, caPem, strict, allowPlainHttp } = settings;
  const purpose = flags.text('purpose') ?? environment.read('SALLYPORT_PURPOSE');
  const known = new sdk.FileKnownDelegates(settings.knownDelegates);
  const client = create({
    address,
    ...(routes === null ? {} : { routes }),
    token,
    knownDelegates: known,
    strict,
    allowPlainHttp,
    ...(caPem === null ? {} : { caPem }),
    ...(purpose === null ? {} : { purpose }),
    onDelegateRemembered: ({ name, fingerprint }) => {
      warn(
        `note: met delegate "${printableLine(name)}" (${fingerprint}) for the first time; it is remembered in ${known.path}.`,
      );
    },
    onDelegateRefused: (error) => warn(`warning: ${printableLine(error.publicMessage)}`),
  });
  try {
    return await work(client, known);
  } finally {
    client.close();
  }
}
