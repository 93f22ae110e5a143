// The folder in which a script runs: new, empty, its user's alone, and removed with all that the script left there.
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes one. @param user whom it is for; null: this process's own user */
export async function makeScriptFolder(user: { uid: number; gid: number } | null): Promise<string> {
  // Mode 0700.
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-script-'));
  if (user !== null) await chown(folder, user.uid, user.gid);
  return folder;
}

export async function removeScriptFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
