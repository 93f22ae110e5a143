// Opens an envelope: in one call when it is in memory, or chunk by chunk for files. Order of checks: the header's form, the context,
// the commitment (before anything is decrypted), the header's tag, then each frame. Every failure is the same `envelope-rejected`.
import type { KeyObject } from 'node:crypto';
import { invariant } from '../errors/app-error.ts';
import type { EncryptionContext } from '../secrets-manager/encryption-context.ts';
import { BodyOpener } from './body.ts';
import { bufferView } from './buffer-view.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import { serializeExpectedContext } from './context-bytes.ts';
import { authenticateHeader, measureHeader, parseEnvelopeHeader, readLayout } from './header.ts';
import type { EnvelopeHeader, HeaderLayout } from './header.ts';
import { deriveMessageKeysAgain, isDataKey, isSameCommitment } from './message-keys.ts';
import { envelopeRejected } from './rejection.ts';

export type DecryptEnvelopeOptions = {
  /** The envelope's data key, unwrapped. */
  dataKey: KeyObject;
  /** Exactly these pairs must be in the envelope: none missing, none more. */
  expectedContext: EncryptionContext;
};

/**
 * Opens `envelope` and returns its plaintext, which may be empty. Returns nothing at all unless the whole of it is authentic.
 * @throws {envelope-rejected} for every cause: damage, another data key, another context, a format or size that we do not read
 */
export function decryptEnvelope(options: DecryptEnvelopeOptions, envelope: Uint8Array): Buffer {
  const bytes = bufferView(envelope);
  const header = readLayout(bytes);
  requireContext(header, serializeExpectedContext(options.expectedContext));
  const opener = openHeader(options.dataKey, header, bytes);
  const parts: Buffer[] = [];
  try {
    for (let at = header.headerBytes; ;) {
      const opened = opener.next(bytes.subarray(at));
      if ('neededBytes' in opened) throw envelopeRejected('body cut short');
      parts.push(opened.plaintext);
      at += opened.consumedBytes;
      if (!opened.isLast) continue;
      if (at !== bytes.length) throw envelopeRejected('bytes after the last frame');
      break;
    }
  } catch (thrown) {
    for (const part of parts) part.fill(0);
    throw thrown;
  }
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const plaintext = Buffer.concat(parts);
  for (const part of parts) part.fill(0);
  return plaintext;
}

export type EnvelopeDecryptorOptions = {
  /**
   * Unwraps the data key; called once, as soon as the header is complete and its context is the expected one. The header is **not yet
   * authenticated**: what it returns is a key or an error, and nothing else may follow from the header. What it throws, `update` throws.
   */
  unwrap: (header: EnvelopeHeader) => Promise<KeyObject>;
  /** As in `DecryptEnvelopeOptions`. */
  expectedContext: EncryptionContext;
};

/**
 * `decryptEnvelope` for a stream: holds at most one frame (1 MiB) and releases plaintext frame by frame, each one authenticated. The
 * last frame comes from `final` only, so that nobody has the whole of an envelope that is cut short or has bytes after its end.
 * Until `final` has returned, what was released is authentic but possibly not everything: do not act on it. After the first
 * error it refuses all further use.
 */
export class EnvelopeDecryptor {
  readonly #unwrap: EnvelopeDecryptorOptions['unwrap'];
  readonly #expectedContext: Buffer;
  readonly #pending = new ByteAccumulator();
  #state: 'header' | 'body' | 'ended' | 'busy' | 'closed' = 'header';
  #neededBytes = 1;
  #opener: BodyOpener | null = null;
  #lastFrame: Buffer | null = null;

  /** @throws {envelope-rejected} when no envelope can have `expectedContext` */
  constructor(options: EnvelopeDecryptorOptions) {
    this.#unwrap = options.unwrap;
    this.#expectedContext = serializeExpectedContext(options.expectedContext);
  }

  /**
   * Takes the next bytes of the envelope, of any length; returns the plaintext that became available, often none. One call at a
   * time; `chunk` must stay unchanged until the promise settles and may be reused then.
   * @throws {envelope-rejected} as `decryptEnvelope`
   * @throws what `unwrap` throws
   */
  async update(chunk: Uint8Array): Promise<Buffer> {
    invariant(this.#state !== 'busy', 'one update at a time');
    const released: Buffer[] = [];
    try {
      let rest = bufferView(chunk);
      if (this.#state === 'header') rest = await this.#readHeader(rest);
      if (this.#state === 'body') rest = this.#openFrames(rest, released);
      if (this.#state === 'closed') throw envelopeRejected('stream refused or ended before');
      if (rest.length > 0) throw envelopeRejected('bytes after the last frame');
    } catch (thrown) {
      for (const part of released) part.fill(0);
      this.#close();
      throw thrown;
    }
    const [only] = released;
    return only !== undefined && released.length === 1 ? only : Buffer.concat(released);
  }

  /**
   * Ends the envelope; returns the plaintext of its last frame.
   * @throws {envelope-rejected} when the envelope is cut short, or has been refused before
   */
  final(): Buffer {
    const lastFrame = this.#lastFrame;
    this.#lastFrame = null;
    this.#close();
    if (lastFrame === null) throw envelopeRejected('stream cut short, or refused before');
    return lastFrame;
  }

  /** Collects the header; once complete, unwraps the data key and authenticates it. Returns what is left of `chunk`. */
  async #readHeader(chunk: Buffer): Promise<Buffer> {
    let rest = chunk;
    while (this.#state === 'header') {
      rest = this.#collect(rest);
      if (this.#pending.length < this.#neededBytes) return rest;
      const measured = measureHeader(this.#pending.view());
      this.#neededBytes = measured.headerBytes;
      if (!measured.isComplete) continue;
      const bytes = Buffer.from(this.#pending.view());
      this.#pending.clear();
      const header = readLayout(bytes);
      requireContext(header, this.#expectedContext);
      this.#state = 'busy';
      const dataKey = await this.#unwrap(parseEnvelopeHeader(bytes));
      this.#requireStillOpen();
      this.#opener = openHeader(dataKey, header, bytes);
      this.#state = 'body';
      this.#neededBytes = 1;
    }
    return rest;
  }

  #openFrames(chunk: Buffer, released: Buffer[]): Buffer {
    invariant(this.#opener !== null, 'a body follows its header');
    let rest = chunk;
    for (;;) {
      // Straight from the chunk when nothing is pending: large chunks are not copied.
      const isDirect = this.#pending.length === 0 && rest.length >= this.#neededBytes;
      if (!isDirect) {
        rest = this.#collect(rest);
        if (this.#pending.length < this.#neededBytes) return rest;
      }
      const opened = this.#opener.next(isDirect ? rest : this.#pending.view());
      if ('neededBytes' in opened) {
        this.#neededBytes = opened.neededBytes;
        continue;
      }
      if (isDirect) rest = rest.subarray(opened.consumedBytes);
      else this.#pending.clear();
      this.#neededBytes = 1;
      if (opened.isLast) {
        this.#lastFrame = opened.plaintext;
        this.#state = 'ended';
        return rest;
      }
      released.push(opened.plaintext);
    }
  }

  /** Moves as much of `chunk` into the pending bytes as the next step needs; returns the remainder. */
  #collect(chunk: Buffer): Buffer {
    const missing = Math.max(0, this.#neededBytes - this.#pending.length);
    this.#pending.append(chunk.subarray(0, missing));
    return chunk.subarray(missing);
  }

  /** The caller may have given up by `final` while the data key was being unwrapped. */
  #requireStillOpen(): void {
    if (this.#state === 'closed') throw envelopeRejected('stream ended while its data key was unwrapped');
  }

  #close(): void {
    this.#state = 'closed';
    this.#pending.release();
    this.#opener = null;
    this.#lastFrame?.fill(0);
    this.#lastFrame = null;
  }
}

function requireContext(header: HeaderLayout, expected: Buffer): void {
  if (!header.contextBytes.equals(expected)) throw envelopeRejected('another encryption context');
}

/** Checks commitment and header tag under `dataKey`; the body may then be opened. `bytes` begin with the header. */
function openHeader(dataKey: KeyObject, header: HeaderLayout, bytes: Buffer): BodyOpener {
  if (!isDataKey(dataKey)) throw envelopeRejected('the data key is not a secret key of 256 bits');
  const { contentKey, commitment } = deriveMessageKeysAgain(dataKey, header.messageId);
  if (!isSameCommitment({ derived: commitment, stored: header.commitment }))
    throw envelopeRejected('key commitment differs');
  requireAuthenticHeader(contentKey, bytes.subarray(0, header.headerBytes));
  return new BodyOpener(contentKey, header);
}

/** The header last found authentic under a content key: the very same bytes need no second look, which spares a hot secret a decryption. */
const lastAuthentic = new WeakMap<KeyObject, Buffer>();

function requireAuthenticHeader(contentKey: KeyObject, header: Buffer): void {
  if (lastAuthentic.get(contentKey)?.equals(header) === true) return;
  if (!authenticateHeader(contentKey, header)) throw envelopeRejected('header does not authenticate');
  lastAuthentic.set(contentKey, Buffer.from(header));
}
