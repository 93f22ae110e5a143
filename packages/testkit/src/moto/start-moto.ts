// Starts moto (python3 -m moto.server), another team's implementation of the AWS wire protocols, as a second opinion beside the lab.
// It checks serialization, not semantics: moto accepts much that AWS refuses. It is never needed to run the product.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A running moto server. */
export type Moto = {
  /** Serves every service. */
  url: string;
  /** Process id of the server. */
  pid: number;
  /** Turns the checks of signatures and permissions on from the next call on, or off as they are at first. */
  setAuthentication(state: 'on' | 'off'): Promise<void>;
  /** Ends the process and waits until it has gone. */
  stop(): Promise<void>;
};

const READY_MS = 60_000;
const POLL_MS = 50;

/** Why moto cannot run here, or `null` when it can. */
export function whyNoMoto(): string | null {
  const probe = spawnSync('python3', ['-c', 'import moto.server'], { stdio: 'ignore' });
  if (probe.error !== undefined) return 'python3 is not installed';
  return probe.status === 0 ? null : 'moto with its server part is not installed for python3';
}

/**
 * Starts moto on a free port of 127.0.0.1 and waits until the port answers.
 * Throws when it does not come up; the process is ended then.
 */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  try {
    await untilListening(child, port);
  } catch (error) {
    await end(child);
    throw error;
  }
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    pid: child.pid ?? 0,
    setAuthentication: async (state) => setAuthentication(url, state),
    stop: async () => end(child),
  };
}

/** Moto asks for authentication after so many requests: 0 is on, infinity is off. */
async function setAuthentication(url: string, state: 'on' | 'off'): Promise<void> {
  const body = state === 'on' ? '0' : 'inf';
  const response = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body });
  if (!response.ok) throw new Error(`moto did not switch authentication ${state}`);
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null)
      throw new Error(`moto ended with code ${child.exitCode} before it was ready`);
    if (Date.now() > deadline) throw new Error(`moto did not listen within ${READY_MS} ms`);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
