// Executes `upload`: a value of any size comes in sealed chunks and goes out as the chunks of its envelope. It holds a few chunks
// at a time, never the whole. The first sealed chunk is the header alone; no key is touched before it was compared.
import { EnvelopeEncryptor } from '@sallyport/core/envelope';
import type { SealedWriteContent, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { encodeContent } from '@sallyport/protocol/sealing';
import type { DelegateStream, OpenedChunk } from '@sallyport/protocol/sealing';
import { ChunkWriter } from './chunk-writer.ts';
import { requireSameWrite } from './compare-request.ts';
import { malformed, readWriteContent } from './read-sealed.ts';
import type { TaskRun } from './task-services.ts';
import type { TaskStream } from './task-stream.ts';
import { emptyValue, writeAnswerOf } from './write.ts';

/**
 * @throws {session-unknown} {sealed-message-rejected} {empty-value}, and what `DataKeys.make` throws
 */
export async function executeUpload(task: TaskOf<'upload'>, run: TaskRun): Promise<TaskResultOf<'upload'>> {
  const purpose = { requestId: task.requestId, operation: 'upload' };
  const request = run.services.sessions.openStream(purpose, task.sealed);
  const first = await nextChunk(request, run.stream);
  const header = readHeader(first.content);
  requireSameWrite(header, task, 'file');
  run.services.guard.requirePlace(task.target.place);
  if (first.final) throw emptyValue();
  const valueBytes = await encryptChunks({ task, run, request, declaredBytes: header.valueBytes });
  const answer = request.sealAnswer(encodeContent(writeAnswerOf(task.target, valueBytes), []));
  return { kind: 'upload', valueBytes, answer };
}

function readHeader(content: Buffer): SealedWriteContent {
  const { header, values } = readWriteContent(content);
  if (values.length > 0) throw malformed();
  return header;
}

/** Encrypts chunk by chunk up to the final one; returns the length of the value in bytes. */
async function encryptChunks(upload: {
  task: TaskOf<'upload'>;
  run: TaskRun;
  request: DelegateStream;
  declaredBytes: number | null;
}): Promise<number> {
  const { task, run, request, declaredBytes } = upload;
  const out = new ChunkWriter((payload, { last }) => run.stream.send({ payload, last }));
  let encryptor: EnvelopeEncryptor | null = null;
  let valueBytes = 0;
  for (let final = false; !final;) {
    const chunk = await nextChunk(request, run.stream);
    final = chunk.final;
    if (chunk.content.length === 0) continue;
    valueBytes += chunk.content.length;
    if (declaredBytes !== null && valueBytes > declaredBytes) throw malformed();
    // Not before there is a byte to encrypt: an empty file costs no call to the key service.
    encryptor ??= await startEnvelope(task, run);
    await out.write(encryptor.update(chunk.content));
    chunk.content.fill(0);
  }
  if (encryptor === null) throw emptyValue();
  if (declaredBytes !== null && valueBytes !== declaredBytes) throw malformed();
  await out.write(encryptor.final());
  await out.end();
  return valueBytes;
}

async function startEnvelope(task: TaskOf<'upload'>, run: TaskRun): Promise<EnvelopeEncryptor> {
  const { dataKey, context } = await run.services.keys.make(task.target, run.signal);
  return new EnvelopeEncryptor({
    dataKey: dataKey.key,
    encryptedDataKeys: [dataKey.encrypted],
    encryptionContext: context,
  });
}

/**
 * The next sealed chunk, opened. The transport's end must not come before the client's: a stream that is cut short is refused.
 * @throws {sealed-message-rejected} {session-unknown}
 */
async function nextChunk(request: DelegateStream, stream: TaskStream): Promise<OpenedChunk> {
  const { payload, last } = await stream.receive();
  const opened = request.openChunk(payload);
  if (last && !opened.final) throw malformed();
  return opened;
}
