// The port to large envelopes: written chunk by chunk while they arrive, read chunk by chunk when they are asked for. An upload
// that was never attached to a version is removed when the server starts.
import type { UploadId } from '@sallyport/core';

export type EnvelopeUploads = {
  begin(id: UploadId, atMs: number): Promise<void>;
  /** Appends one chunk (1 MiB or so); durable at the latest when the upload is attached. Never to one that is. */
  append(id: UploadId, sequence: number, chunk: Uint8Array): Promise<void>;
  /** Forgets an upload that is not attached. */
  abandon(id: UploadId): Promise<void>;
  /** The chunks in order; memory holds one at a time. @throws {not-found} when it is not there, or is removed meanwhile */
  read(id: UploadId): AsyncIterable<Uint8Array>;
  /** Removes every upload that no version refers to; resolves to how many there were. */
  removeUnattached(): Promise<number>;
};
