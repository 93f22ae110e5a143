// Starts one part of the product as a process of its own and talks to it over the IPC channel. Used by end-to-end tests and
// benchmarks; the entry files beside this one are what runs in there.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A running child. */
export type Part = {
  child: ChildProcess;
  /** Everything it wrote to standard output and error so far. */
  output(): string;
  /** Sends a request; resolves to its answer. Rejects when the child ends first or the call fails there. */
  call<T>(method: string, argument?: unknown): Promise<T>;
  /** SIGTERM and wait for the end. */
  stop(): Promise<void>;
  /** SIGKILL and wait for the end. */
  kill(): Promise<void>;
};

type Reply = { id: number; ok: boolean; value?: unknown; error?: string };

/** Forks `entry` with one JSON argument and resolves once it says that it is ready. */
export async function startPart(
  entry: URL,
  argument: unknown,
  options: { env?: NodeJS.ProcessEnv; nodeArguments?: string[] } = {},
): Promise<Part & { ready: unknown }> {
  const child = fork(entry, [JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: options.env ?? process.env,
    execArgv: options.nodeArguments ?? [],
    serialization: 'json',
  });
  let text = '';
  const keep = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const exited = once(child, 'exit');
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const died = (): Error => new Error(`${entry.pathname.split('/').at(-1)} ended\n${text.slice(-4000)}`);
  const ready = await new Promise((resolve, reject) => {
    void exited.then(() => {
      reject(died());
      for (const call of waiting.values()) call.reject(died());
    });
    child.on('message', (message: Reply | { ready: unknown }) => {
      if ('ready' in message) return resolve(message.ready);
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.ok) call?.resolve(message.value as never);
      else call?.reject(new Error(message.error));
      return undefined;
    });
  });
  let nextId = 1;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    child,
    ready,
    output: () => text,
    call: async (method, value) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        child.send({ id, method, argument: value });
      }),
    stop: async () => end('SIGTERM'),
    kill: async () => end('SIGKILL'),
  };
}

/** The other side: serves `methods` in the child and tells the parent that it is ready. */
export function servePart(
  ready: unknown,
  methods: Readonly<Record<string, (argument: never) => unknown>>,
): void {
  process.on('message', (message: { id: number; method: string; argument: never }) => {
    void (async () => {
      try {
        const value = await methods[message.method]?.(message.argument);
        process.send?.({ id: message.id, ok: true, value });
      } catch (thrown) {
        process.send?.({
          id: message.id,
          ok: false,
          error: thrown instanceof Error ? thrown.stack : String(thrown),
        });
      }
    })();
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ ready });
}
