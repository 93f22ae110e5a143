// Stores a file as a stream of sealed chunks, as fast as server and delegate take them, whatever its size and with flat memory.
import {
  encodeContent,
  encodeHttpFrame,
  HTTP_FRAMES_TYPE,
  STREAM_CHUNK_BYTES,
} from '@sallyport/protocol/client';
import type { SealedWriteContent, UploadSecret, WrittenSecret } from '@sallyport/protocol';
import { newRequestId } from '../client/wiring.ts';
import type { Wiring } from '../client/wiring.ts';
import { withFailOver } from '../delegates/fail-over.ts';
import type { ClientStream } from '../delegates/sealing.ts';
import type { SealingPartner } from '../delegates/session-pool.ts';
import { readAnswer } from '../http/read-answer.ts';
import { checkWriteAnswer } from './check-answer.ts';
import { UploadSource } from './upload-source.ts';
import type { UploadBytes } from './upload-source.ts';
import { offersToWrite, unanswered, withConflictRetries, writeContentOf } from './write-secret.ts';
import type { WriteOptions, WrittenVersion } from './write-secret.ts';

/**
 * Stores a new version of a file secret, or a new file secret.
 * A function as source is opened again when another delegate has to be found; a stream is not, once it was read from.
 * @throws {empty-value} before anything is sent
 */
export async function uploadSecret(
  wiring: Wiring,
  given: { name: string; bytes: UploadBytes },
  options: WriteOptions,
): Promise<WrittenVersion> {
  const content = writeContentOf({ name: given.name, kind: 'file', valueBytes: null, options });
  const source = new UploadSource(given.bytes);
  const upload = async (): Promise<WrittenVersion> => {
    const written = await withFailOver(
      wiring.pool,
      {
        offers: ({ signal }) => offersToWrite(wiring, { content, scope: options.scope ?? null }, signal),
        attempt: (partner, signal) => uploadOnce(wiring, partner, { content, source, options, signal }),
        repeatable: () => source.repeatable,
        onlyOnce: options.expectedVersion !== undefined,
        signal: options.signal ?? null,
      },
      // How long a file takes depends on its size; a stream that hangs is ended by the transport.
      { ...wiring.limits, deadlineMs: null },
    );
    return written ?? unanswered();
  };
  try {
    await source.open();
    return await withConflictRetries(upload, { options, mayRetry: () => source.repeatable });
  } finally {
    await source.close();
  }
}

type Upload = {
  content: SealedWriteContent;
  source: UploadSource;
  options: WriteOptions;
  signal: AbortSignal | null;
};

async function uploadOnce(
  wiring: Wiring,
  { session, delegate }: SealingPartner,
  upload: Upload,
): Promise<WrittenVersion> {
  const { content, source, options, signal } = upload;
  const requestId = newRequestId(wiring);
  const { secret, secretsManager } = content;
  const expectedVersion = options.expectedVersion ?? null;
  const stream = session.startStream({ requestId, operation: 'upload' });
  const { delegateId } = delegate;
  const head: UploadSecret = {
    requestId,
    delegateId,
    secret,
    secretsManager,
    expectedVersion,
    scope: options.scope ?? null,
    availability: options.availability ?? null,
    sealed: stream.header,
  };
  await source.open();
  const body = new UploadBody(head, { content, source, stream });
  const route = wiring.routes.uploadSecret;
  const response = await wiring.transport.send({
    method: route.method,
    path: route.path,
    headers: { ...(await wiring.headers()), 'content-type': HTTP_FRAMES_TYPE },
    body: body.frames(),
    signal,
    onSent: options.onSent,
  });
  const answer = (await readAnswer(wiring.transport.address, response, route)) as WrittenSecret;
  const asked = { content, valueBytes: body.valueBytes, expectedVersion };
  return checkWriteAnswer(await stream.openAnswer(answer.answer), asked, answer.secret);
}

/** The body of an upload: the request in clear, the request under the seal, the value. */
class UploadBody {
  /** Bytes of the value that went out so far. */
  valueBytes = 0;
  readonly #head: UploadSecret;
  readonly #given: { content: SealedWriteContent; source: UploadSource; stream: ClientStream };

  constructor(
    head: UploadSecret,
    given: { content: SealedWriteContent; source: UploadSource; stream: ClientStream },
  ) {
    this.#head = head;
    this.#given = given;
  }

  async *frames(): AsyncGenerator<Uint8Array> {
    const { content, source, stream } = this.#given;
    yield encodeHttpFrame(new TextEncoder().encode(JSON.stringify(this.#head)));
    yield encodeHttpFrame(await stream.sealChunk(encodeContent(content, []), { final: false }));
    for await (const chunk of source.chunks(STREAM_CHUNK_BYTES)) {
      this.valueBytes += chunk.content.length;
      yield encodeHttpFrame(await stream.sealChunk(chunk.content, { final: chunk.final }));
    }
  }
}
