// Where the chunks of an uploaded envelope go: into the version's own row when it is small, else chunk by chunk into the store. Its
// header is checked before the first chunk is stored.
import { AppError } from '@sallyport/core';
import type { UploadId } from '@sallyport/core';
import type { Services } from '../services.ts';
import { checkEnvelopeHeader } from './envelope-check.ts';
import { INLINE_ENVELOPE_MAX_BYTES } from './secret-store.ts';
import type { SecretVersionRow } from './secret-store.ts';
import type { WritePlan } from './write-plan.ts';

type SinkServices = Pick<Services, 'store' | 'ids' | 'clock' | 'config'>;

const STORED_CHUNK_BYTES = 1_048_576;

/** A header and, for each frame of 1 MiB, a sequence number, a nonce and a tag; generously. */
function envelopeMaxBytes(valueMaxBytes: number): number {
  return valueMaxBytes + 1_048_576 + Math.ceil(valueMaxBytes / STORED_CHUNK_BYTES) * 64;
}

export class EnvelopeSink {
  readonly #plan: WritePlan;
  readonly #services: SinkServices;
  /** What has not been stored yet: until it overflows, all of it. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #uploadId: UploadId | null = null;
  #sequence = 0;
  #totalBytes = 0;

  constructor(plan: WritePlan, services: SinkServices) {
    this.#plan = plan;
    this.#services = services;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    this.#totalBytes += chunk.length;
    if (this.#totalBytes > envelopeMaxBytes(this.#services.config.fileMaxBytes)) {
      throw new AppError('value-too-large', {
        publicMessage: `A file secret has at most ${this.#services.config.fileMaxBytes} bytes on this server.`,
      });
    }
    // The first chunk stored is longer than any header.
    const keep = this.#uploadId === null ? INLINE_ENVELOPE_MAX_BYTES : STORED_CHUNK_BYTES - 1;
    if (this.#pendingBytes > keep) await this.#flush();
  }

  /** The envelope as the version's row refers to it. @throws {internal} when it is no envelope for the plan */
  async finish(): Promise<SecretVersionRow['envelope']> {
    if (this.#uploadId !== null) {
      if (this.#pendingBytes > 0) await this.#flush();
      return { uploadId: this.#uploadId };
    }
    const inline = Buffer.concat(this.#pending, this.#pendingBytes);
    checkEnvelopeHeader(inline, this.#plan);
    return { inline };
  }

  /** Forgets what was stored. After a commit it must not be called. */
  async abandon(): Promise<void> {
    this.#pending = [];
    if (this.#uploadId !== null) await this.#services.store.uploads.abandon(this.#uploadId);
  }

  async #flush(): Promise<void> {
    const { store, ids, clock } = this.#services;
    const chunk = this.#pending.length === 1 ? this.#pending[0] : undefined;
    const bytes = chunk ?? Buffer.concat(this.#pending, this.#pendingBytes);
    if (this.#uploadId === null) {
      checkEnvelopeHeader(bytes, this.#plan);
      const id = ids('upload');
      await store.uploads.begin(id, clock.nowMs());
      this.#uploadId = id;
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    await store.uploads.append(this.#uploadId, this.#sequence, bytes);
    this.#sequence += 1;
  }
}
