// Reads stored envelopes whole, as chunks: for exports and for sending them to delegates. However large one is, a chunk of it is in memory.
import { STREAM_CHUNK_BYTES } from '@sallyport/protocol';
import type { Store } from '../storage/store.ts';
import type { StoredEnvelope } from './secret-store.ts';

/** The envelope in chunks of at most `STREAM_CHUNK_BYTES`; how large they are stored does not matter. */
export async function* envelopeChunks(
  envelope: StoredEnvelope,
  store: Pick<Store, 'uploads'>,
): AsyncGenerator<Uint8Array> {
  const stored = 'inline' in envelope ? [envelope.inline] : store.uploads.read(envelope.uploadId);
  for await (const chunk of stored) {
    for (let at = 0; at < chunk.length; at += STREAM_CHUNK_BYTES) {
      yield chunk.subarray(at, at + STREAM_CHUNK_BYTES);
    }
  }
}
