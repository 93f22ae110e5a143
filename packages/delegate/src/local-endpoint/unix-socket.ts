// Takes the path of a Unix socket: removes what a process that is gone has left there, and nothing else, and gives the socket its mode
// before anybody can open it.
import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { AppError } from '@sallyport/core';
import { codeOf } from '../data-folder/private-file.ts';

/** @throws {config-invalid} when the path is taken by something else, or by a process that answers */
export async function listenOnSocket(server: Server, address: { path: string; mode: number }): Promise<void> {
  const { path, mode } = address;
  await removeStale(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // Born closed to everybody but us: between its making and its mode there is no moment for others.
  const before = process.umask(0o177);
  try {
    server.listen(path, resolve);
  } finally {
    process.umask(before);
  }
  try {
    await promise;
    await chmod(path, mode);
  } catch (thrown) {
    throw invalid(path, `cannot be made (${codeOf(thrown) ?? 'unknown reason'})`, thrown);
  } finally {
    server.off('error', reject);
  }
}

async function removeStale(path: string): Promise<void> {
  let stats;
  try {
    stats = await lstat(path);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return;
    throw invalid(path, `cannot be looked at (${codeOf(thrown) ?? 'unknown reason'})`, thrown);
  }
  if (!stats.isSocket()) throw invalid(path, 'is there already and is no socket');
  if (await answers(path)) throw invalid(path, 'is in use by another process');
  await rm(path, { force: true });
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      // Only a refusal says that nobody listens; whatever else it is, somebody may.
      socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED'));
    });
  } finally {
    socket.destroy();
  }
}

function invalid(path: string, problem: string, cause?: unknown): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The socket ${path} of the local endpoint ${problem}.`,
    cause,
  });
}
