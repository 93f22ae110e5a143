// Starts a real Vault or OpenBao, if one is installed: its development server, in memory, on a port and in a folder of its own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stop, untilWritten } from './sallyport.ts';

export type RealVault = AsyncDisposable & { address: string; token: string };

/** Which of them are on the PATH. */
export function installedVaults(): ('vault' | 'bao')[] {
  return (['vault', 'bao'] as const).filter(
    (tool) => spawnSync(tool, ['version'], { stdio: 'ignore' }).status === 0,
  );
}

export async function startRealVault(tool: 'vault' | 'bao'): Promise<RealVault> {
  const token = 'root-of-a-test';
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-vault-'));
  const port = await freePort();
  const words = ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${token}`];
  const child = spawn(tool, [...words, `-dev-listen-address=127.0.0.1:${port}`], {
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Written once the engine at secret/ is ready for use.
  await untilWritten(child, 'Development mode should NOT be used in production');
  return {
    address: `http://127.0.0.1:${port}`,
    token,
    async [Symbol.asyncDispose]() {
      await stop(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
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
