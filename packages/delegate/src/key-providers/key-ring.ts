// The key ring file of built-in secrets managers: 256-bit wrapping keys in the data folder, mode 0600. New data keys are wrapped by
// its current key; the others still open what they wrapped. Whoever has this file and the server's database can read the secrets.
import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { AppError, isAppError } from '@sallyport/core';
import { AEAD_KEY_BYTES } from '@sallyport/core/aead';
import type { DataFolder } from '../data-folder/data-folder.ts';
import { createPrivateFile, readPrivateFile } from '../data-folder/private-file.ts';

const KEY_RING_FILE = 'key-ring.json';
const KEY_ID_BYTES = 8;

const KeyRingFile = z.strictObject({
  version: z.literal(1),
  currentKeyId: z.string(),
  keys: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[0-9a-f]{16}$/),
        key: z
          .string()
          .regex(/^[A-Za-z0-9_-]{43}$/)
          .describe('32 bytes, base64url.'),
      }),
    )
    .min(1)
    .max(100),
});

/** Wrapping keys by id. Shows none when printed. */
export type KeyRing = {
  readonly current: { id: string; key: KeyObject };
  readonly keys: ReadonlyMap<string, KeyObject>;
};

/**
 * Reads the key ring; `null` when there is none yet.
 * @throws {key-unusable} when the file is readable to others or malformed
 */
export async function readKeyRing(folder: DataFolder): Promise<KeyRing | null> {
  const path = folder.pathOf(KEY_RING_FILE);
  const content = await readRingFile(path);
  if (content === null) return null;
  const ring = parseKeyRing(content);
  content.fill(0);
  if (ring !== null) return ring;
  throw unusable(
    `The key ring ${path} is malformed. Restore it from a backup: without its keys, secrets of built-in secrets managers cannot be read.`,
  );
}

/**
 * Reads the key ring, or makes one with one random key. It is on disk before this returns, since what it wraps will be stored.
 * @throws {key-unusable} as `readKeyRing`
 */
export async function readOrMakeKeyRing(folder: DataFolder): Promise<KeyRing> {
  const found = await readKeyRing(folder);
  if (found !== null) return found;
  const id = randomBytes(KEY_ID_BYTES).toString('hex');
  const key = randomBytes(AEAD_KEY_BYTES);
  const file = { version: 1, currentKeyId: id, keys: [{ id, key: key.toString('base64url') }] };
  const content = Buffer.from(`${JSON.stringify(file, null, 2)}\n`);
  await createPrivateFile(folder.pathOf(KEY_RING_FILE), content);
  key.fill(0);
  content.fill(0);
  const made = await readKeyRing(folder);
  if (made !== null) return made;
  throw unusable('The key ring vanished while it was being made.');
}

/** What is wrong with the file concerns whoever uses the key, not the start of the delegate: it is worded as such. */
async function readRingFile(path: string): Promise<Buffer | null> {
  try {
    return await readPrivateFile(path);
  } catch (thrown) {
    if (isAppError(thrown)) throw unusable(thrown.publicMessage);
    throw thrown;
  }
}

function unusable(publicMessage: string): AppError {
  return new AppError('key-unusable', { publicMessage, data: { stage: 'key' } });
}

function parseKeyRing(content: Buffer): KeyRing | null {
  let json: unknown;
  try {
    json = JSON.parse(content.toString('utf8'));
  } catch {
    return null;
  }
  const parsed = KeyRingFile.safeParse(json);
  if (!parsed.success) return null;
  const keys = new Map<string, KeyObject>();
  for (const { id, key } of parsed.data.keys) {
    const bytes = Buffer.from(key, 'base64url');
    if (bytes.length !== AEAD_KEY_BYTES || keys.has(id)) return null;
    keys.set(id, createSecretKey(bytes));
    bytes.fill(0);
  }
  const current = keys.get(parsed.data.currentKeyId);
  return current === undefined ? null : { current: { id: parsed.data.currentKeyId, key: current }, keys };
}
