// A load generator for HTTP: Node's own client with kept-alive connections, as applications use it, in a worker thread of its own on
// the same machine. Its cost is part of both sides of a ratio.
import { Agent, request as httpRequest } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** One load run. */
export type Load = {
  port: number;
  connections: number;
  durationMs: number;
  path: string;
  headers: Readonly<Record<string, string>>;
  /** JSON bodies to be posted; each connection takes the next one in turn. Null: GET, without a body. */
  bodies: readonly string[] | null;
  /** Each body is sent at most once; the run ends early when there are no more. Sealed requests cannot be repeated. */
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

async function send(load: Load, agent: Agent, body: Buffer | null): Promise<number> {
  return new Promise((resolve, reject) => {
    const ofBody = body === null ? {} : { 'content-type': 'application/json', 'content-length': body.length };
    const headers = { ...load.headers, ...ofBody };
    const method = body === null ? 'GET' : 'POST';
    const options = { host: '127.0.0.1', port: load.port, path: load.path, method, agent, headers };
    const request = httpRequest(options, (response) => {
      response.resume();
      response.once('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    request.once('error', reject);
    request.end(body ?? undefined);
  });
}

async function work(load: Load): Promise<LoadResult> {
  // In turns, so that none of the connections is left idle.
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections, scheduling: 'fifo' });
  const bodies = load.bodies?.map((text) => Buffer.from(text)) ?? [null];
  const times: number[] = [];
  let turn = 0;
  let failures = 0;
  const startedAt = performance.now();
  const one = async (): Promise<void> => {
    const body = bodies[turn++ % bodies.length];
    if (body === undefined) return;
    const sentAt = performance.now();
    if ((await send(load, agent, body)) !== 200) failures += 1;
    times.push(performance.now() - sentAt);
  };
  const drive = async (): Promise<void> => {
    const deadline = startedAt + load.durationMs;
    while (performance.now() < deadline && (load.once !== true || turn < bodies.length)) await one();
  };
  await Promise.all(Array.from({ length: load.connections }, drive));
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
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
