// A whole installation in its own processes and folders: one server, any number of delegates that dial it, and a client.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@sallyport/sdk';
import type { Client, ClientOptions } from '@sallyport/sdk';
import type { DelegateConfigInput } from '@sallyport/delegate';
import { startPart } from './child-process.ts';
import type { Part } from './child-process.ts';

const SERVER = new URL('./server-process.ts', import.meta.url);
const DELEGATE = new URL('./delegate-process.ts', import.meta.url);

export type DelegateChoice = Partial<DelegateConfigInput> & { name: string };

/** A running installation. */
export class Deployment {
  readonly folder: string;
  readonly delegates = new Map<string, Part>();
  server!: Part;
  address!: string;
  token!: string;
  #client: Client | null = null;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Starts a server on a free port with an API key of its own. */
  static async start(): Promise<Deployment> {
    const deployment = new Deployment(await mkdtemp(join(tmpdir(), 'sallyport-e2e-')));
    await deployment.startServer();
    deployment.token = await deployment.server.call<string>('createAdminKey', 'test');
    return deployment;
  }

  /** Starts the server, again after it was stopped or killed: on the port it had. */
  async startServer(): Promise<void> {
    const port = this.address === undefined ? 0 : Number(new URL(this.address).port);
    const config = {
      port,
      dataFolder: join(this.folder, 'server'),
      rootKey: { file: join(this.folder, 'root-key') },
      fileMaxBytes: 256 * 1_048_576,
      logLevel: 'warn',
    };
    const part = await startPart(SERVER, config);
    this.server = part;
    this.address = (part.ready as { address: string }).address;
  }

  /** Starts a delegate and waits until the server lists it as connected. */
  async startDelegate(choice: DelegateChoice): Promise<Part> {
    const token = await this.server.call<string>('createDelegateToken', `for ${choice.name} ${Date.now()}`);
    const part = await this.launchDelegate({ token, ...choice });
    await this.untilConnected(choice.name);
    return part;
  }

  /** Starts a delegate without waiting; give a token unless it was admitted before. */
  async launchDelegate(choice: DelegateChoice): Promise<Part> {
    const config: DelegateConfigInput = {
      serverUrl: this.address,
      dataFolder: join(this.folder, `delegate-${choice.name}`),
      logLevel: 'warn',
      ...choice,
    };
    const part = await startPart(DELEGATE, config);
    this.delegates.set(choice.name, part);
    return part;
  }

  async untilConnected(name: string): Promise<void> {
    await until(
      async () => (await this.delegateState(name)) === 'connected',
      `delegate ${name} is connected`,
    );
  }

  async delegateState(name: string): Promise<string | null> {
    const { delegates } = await this.client.call('listDelegates', {});
    return delegates.find((delegate) => delegate.name === name)?.state ?? null;
  }

  /** The test's own client; trusts whoever it meets. */
  get client(): Client {
    this.#client ??= this.newClient();
    return this.#client;
  }

  newClient(options: Partial<ClientOptions> = {}): Client {
    return createClient({ address: this.address, token: this.token, ...options });
  }

  /** Path of the database file. */
  get databaseFile(): string {
    return join(this.folder, 'server', 'sallyport.db');
  }

  /** Stops everything and removes the folder. */
  async close(): Promise<void> {
    this.#client?.close();
    await Promise.all([...this.delegates.values()].map(async (part) => part.stop()));
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Waits for a condition by asking again, at most 15 seconds; says what it waited for when that was in vain. */
export async function until(condition: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A stream of these pieces, which can be opened again for another attempt. */
export function pieces(...parts: Uint8Array[]): () => AsyncGenerator<Uint8Array> {
  return async function* () {
    yield* parts;
  };
}
