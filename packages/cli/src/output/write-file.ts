// A value into a file: readable by its owner only, and there as a whole or not at all.
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/** For its owner only. */
export const PRIVATE_MODE = 0o600;

/** Writes a stream to a file beside its place and moves it there when all of it came. Until then, its owner alone can read it. */
export async function writePrivateFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  mode: number = PRIVATE_MODE,
): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await open(draft, 'wx', PRIVATE_MODE);
    try {
      for await (const part of content) await file.writeFile(part);
      if (mode !== PRIVATE_MODE) await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** A text or bytes as the content of such a file. */
export async function* contentOf(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield typeof content === 'string' ? Buffer.from(content) : content;
}
