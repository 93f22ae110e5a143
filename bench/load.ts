// A load generator for HTTP/1.1 on loopback: raw sockets with prepared bytes, so that it costs little beside what it measures.
// Runs in a worker thread of its own. Not a general client: it reads Content-Length answers only.
import { connect } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** One load run. */
export type Load = {
  port: number;
  connections: number;
  durationMs: number;
  /** Whole HTTP requests; each connection takes the next one in turn. */
  requests: readonly string[];
  /** Each request is sent at most once; the run ends early when there are no more. Sealed requests cannot be repeated. */
  once?: boolean;
};

export type LoadResult = {
  answers: number;
  /** Answers with a status other than 200. */
  failures: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
};

/** Runs a load in a worker thread. */
export async function runLoad(load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** A whole request with a JSON body. */
export function postRequest(
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${lines.join('')}\r\n${body}`;
}

/** Ends when the deadline has passed and the answer under way has come. */
async function drive(
  load: Load,
  next: () => Buffer | null,
  record: (elapsedMs: number, ok: boolean) => void,
): Promise<void> {
  const deadline = performance.now() + load.durationMs;
  return new Promise((resolve, reject) => {
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let seen: Buffer = Buffer.alloc(0);
    const finish = (): void => {
      socket.end();
      resolve();
    };
    const send = (): void => {
      const request = performance.now() < deadline ? next() : null;
      if (request === null) return finish();
      sentAt = performance.now();
      socket.write(request);
      return undefined;
    };
    socket.once('connect', send);
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const headEnd = seen.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = seen.toString('latin1', 0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 'NaN');
      if (Number.isNaN(length)) return reject(new Error(`answer without length: ${head.slice(0, 80)}`));
      if (seen.length < headEnd + 4 + length) return undefined;
      seen = Buffer.alloc(0);
      record(performance.now() - sentAt, head.startsWith('HTTP/1.1 200'));
      return send();
    });
  });
}

async function work(load: Load): Promise<LoadResult> {
  const prepared = load.requests.map((text) => Buffer.from(text));
  let turn = 0;
  const next = (): Buffer | null => {
    if (load.once === true && turn >= prepared.length) return null;
    return prepared[turn++ % prepared.length] ?? null;
  };
  const times: number[] = [];
  let failures = 0;
  const record = (elapsedMs: number, ok: boolean): void => {
    times.push(elapsedMs);
    if (!ok) failures += 1;
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: load.connections }, async () => drive(load, next, record)));
  const seconds = (performance.now() - startedAt) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return {
    answers: times.length,
    failures,
    perSecond: times.length / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

if (!isMainThread && parentPort !== null) parentPort.postMessage(await work(workerData as Load));
