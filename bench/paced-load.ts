// A load generator for times: so many requests a second over kept-alive connections, begun when they are due. It writes and reads sockets
// itself, in a thread of its own, since Node's HTTP client costs more than the answers that are timed, and its garbage collections would be
// counted as theirs.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Where the same is asked of, each in its turn. */
export type PacedTarget = { port: number; path: string; headers: Readonly<Record<string, string>> };

export type PacedLoad = {
  targets: readonly PacedTarget[];
  /** To each target. */
  connections: number;
  /** Requests a second. One that is due while no connection is free waits, and the wait is part of its time. */
  pace: number;
  /** How often each target has its turn. */
  rounds: number;
  /** How long a turn is. */
  durationMs: number;
};

/** One turn. Times in milliseconds, from sending a request until its answer is read. */
export type PacedResult = {
  p50Ms: number;
  p99Ms: number;
  /** By how much ninety-nine of a hundred timers of the generator were late at most. */
  late99Ms: number;
  /** Processor time that whoever the machine is shared with took from it meanwhile, in milliseconds; 0 where the system does not say. */
  stolenMs: number;
};

/** Runs a load in a worker thread. @returns for each target its turns @throws when an answer is not 200, or a connection is closed */
export async function runPacedLoad(load: PacedLoad): Promise<PacedResult[][]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Before the first turn that counts: what has just been started is compiled while it runs. */
const WARM_UP_MS = 3000;
/** Of the times in /proc/stat. */
const TICK_MS = 10;
const HEAD_END = Buffer.from('\r\n\r\n');

/** A connection with at most one request on it. */
class Connection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #received: Buffer = Buffer.alloc(0);
  #answered: (() => void) | null = null;
  #failed: ((error: Error) => void) | null = null;

  constructor(target: PacedTarget) {
    this.#request = requestOf(target);
    this.#socket = connect({ host: '127.0.0.1', port: target.port, noDelay: true });
    this.#socket.on('data', (part: Buffer) => this.#take(part));
    this.#socket.on('error', (error) => this.#failed?.(error));
    this.#socket.on('close', () => this.#failed?.(new Error('The connection was closed.')));
  }

  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#failed = null;
    this.#socket.destroy();
  }

  #take(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    if (!head.startsWith('HTTP/1.1 200 ') || Number.isNaN(length)) {
      this.#failed?.(new Error(`Not the answer that was asked for: ${head.split('\r\n', 1)[0]}`));
      return;
    }
    if (this.#received.length < headEnd + HEAD_END.length + length) return;
    this.#received = Buffer.alloc(0);
    this.#answered?.();
  }
}

function requestOf({ path, port, headers }: PacedTarget): Buffer {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

/** One turn over connections that are all free. */
async function turn(all: readonly Connection[], pace: number, durationMs: number): Promise<PacedResult> {
  const stolenBefore = stolenMs();
  const free = [...all];
  const total = Math.floor((durationMs * pace) / 1000);
  const times = new Float64Array(total);
  const lateness: number[] = [];
  const waiting: number[] = [];
  let answers = 0;
  await new Promise<void>((resolve, reject) => {
    const send = (connection: Connection, sentAt: number): void => {
      connection.ask().then(() => {
        times[answers++] = performance.now() - sentAt;
        const next = waiting.shift();
        if (next === undefined) free.push(connection);
        else send(connection, next);
        if (answers === total) resolve();
      }, reject);
    };
    const startedAt = performance.now();
    let begun = 0;
    let tickAt = startedAt;
    const tick = (): void => {
      const now = performance.now();
      lateness.push(now - tickAt - 1);
      tickAt = now;
      for (const due = Math.min(total, ((now - startedAt) * pace) / 1000); begun < due; begun += 1) {
        const connection = free.shift();
        if (connection === undefined) waiting.push(now);
        else send(connection, now);
      }
      if (begun < total) setTimeout(tick, 1);
    };
    setTimeout(tick, 1);
  });
  return {
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    late99Ms: quantile(Float64Array.from(lateness), 0.99),
    stolenMs: stolenMs() - stolenBefore,
  };
}

/** Since the machine started. */
function stolenMs(): number {
  try {
    const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/) ?? [];
    return Number(ticks[7] ?? 0) * TICK_MS;
  } catch {
    return 0;
  }
}

function quantile(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function work({ targets, connections, pace, rounds, durationMs }: PacedLoad): Promise<PacedResult[][]> {
  const sides = await Promise.all(
    targets.map(async (target) => {
      const all = Array.from({ length: connections }, () => new Connection(target));
      await Promise.all(all.map((connection) => connection.ask()));
      return { all, turns: [] as PacedResult[] };
    }),
  );
  for (const { all } of sides) await turn(all, pace, WARM_UP_MS);
  for (let round = 0; round < rounds; round += 1) {
    for (const { all, turns } of sides) turns.push(await turn(all, pace, durationMs));
  }
  for (const { all } of sides) for (const connection of all) connection.close();
  return sides.map(({ turns }) => turns);
}

if (!isMainThread && parentPort !== null) parentPort.postMessage(await work(workerData as PacedLoad));
