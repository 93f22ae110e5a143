// Starts moto, an AWS emulator by other people, as an independent check of what goes over the wire. Tests only.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Why the moto tests cannot run here; `null` when they can. */
export const MOTO_MISSING: string | null =
  spawnSync('python3', ['-c', 'import moto.server']).status === 0
    ? null
    : 'python3 -m moto.server is not installed';

export type Moto = {
  url: string;
  /** Turns IAM and signature checks on from the next call on, or off. */
  setAuth(isOn: boolean): Promise<void>;
  stop(): Promise<void>;
};

/** A moto server on a free port of loopback. */
export async function startMoto(): Promise<Moto> {
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await addressOf(child.stderr, exited);
  return {
    url,
    setAuth: async (isOn) => {
      await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: isOn ? '0' : 'inf' });
    },
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

async function addressOf(output: NodeJS.ReadableStream, exited: Promise<void>): Promise<string> {
  const found = Promise.withResolvers<string>();
  const lines = createInterface({ input: output });
  // Read to the end, or moto blocks on a full pipe.
  lines.on('line', (line) => {
    const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (url !== undefined) found.resolve(url);
  });
  const failed = exited.then(() => Promise.reject(new Error('moto ended before it was ready')));
  failed.catch(() => undefined);
  return Promise.race([found.promise, failed]);
}
