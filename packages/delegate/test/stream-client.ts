// Client and server of uploads and downloads in one: seals or opens the chunks, and keeps to the credit windows both ways.
import { encodeContent, decodeContent } from '@sallyport/protocol/sealing';
import type { SealedWriteContent, TaskOf, WriteTarget } from '@sallyport/protocol';
import type { TaskId } from '@sallyport/core';
import { STREAM_CHUNK_BYTES, STREAM_WINDOW_CHUNKS } from '@sallyport/protocol';
import { newId } from './delegate-fixture.ts';
import type { DelegateFixture } from './delegate-fixture.ts';
import type { ScriptedConnection, TaskEnd } from './scripted-server.ts';

/** Whom chunks are exchanged with, and in which session they are sealed. */
export type StreamPeer = Pick<DelegateFixture, 'connection' | 'session'>;

/** Sends chunks of one task as credit allows. */
export class ChunkSender {
  readonly #connection: ScriptedConnection;
  readonly #taskId: TaskId;
  #credit: number = STREAM_WINDOW_CHUNKS;

  constructor(connection: ScriptedConnection, taskId: TaskId) {
    this.#connection = connection;
    this.#taskId = taskId;
  }

  async send(payload: Uint8Array, last: boolean): Promise<void> {
    for (;;) {
      this.#credit += this.#connection.takeCredit(this.#taskId);
      if (this.#credit > 0) break;
      await this.#connection.anything();
    }
    this.#credit -= 1;
    this.#connection.sendChunk({ taskId: this.#taskId, last, payload });
  }
}

export type Upload = {
  task: TaskOf<'upload'>;
  stream: ReturnType<DelegateFixture['session']['startStream']>;
  target: WriteTarget;
};

/** The task and the client's stream of an upload. */
export function makeUpload(it: StreamPeer, target: WriteTarget): Upload {
  const requestId = newId('request');
  const stream = it.session.startStream({ requestId, operation: 'upload' });
  const task: TaskOf<'upload'> = {
    kind: 'upload',
    taskId: newId('task'),
    timeoutMs: 60_000,
    requestId,
    request: { secret: target.name, secretsManager: null },
    target,
    sealed: stream.header,
  };
  return { task, stream, target };
}

/** What a file of a test is written as. */
export function fileTarget(it: DelegateFixture): WriteTarget {
  return it.target({ kind: 'file', name: 'file.bin' });
}

export function uploadHeader(target: WriteTarget, changes: Partial<SealedWriteContent> = {}): Uint8Array {
  const header: SealedWriteContent = {
    secret: target.name,
    kind: 'file',
    secretsManager: null,
    valueBytes: null,
    ...changes,
  };
  return encodeContent(header, []);
}

/** Sends a whole value; returns when its last chunk has left. */
export async function sendValue(
  it: StreamPeer,
  upload: Upload,
  parts: Iterable<Uint8Array>,
  header: Uint8Array = uploadHeader(upload.target),
): Promise<void> {
  const sender = new ChunkSender(it.connection, upload.task.taskId);
  await sender.send(upload.stream.sealChunk(header, { final: false }), false);
  for (const part of parts) await sender.send(upload.stream.sealChunk(part, { final: false }), false);
  await sender.send(upload.stream.sealChunk(Buffer.alloc(0), { final: true }), true);
}

/** Takes the chunks that a delegate sends for a task, granting credit for each, until the last. */
export async function takeChunks(
  connection: ScriptedConnection,
  taskId: TaskId,
  take: (payload: Buffer) => void,
): Promise<void> {
  for (;;) {
    const chunk = await connection.nextChunk(taskId);
    take(Buffer.from(chunk.payload));
    if (chunk.last) return;
    connection.send({ type: 'credit', taskId, chunks: 1 });
  }
}

/** Uploads a value and returns its envelope. */
export async function upload(
  it: DelegateFixture,
  value: Uint8Array,
): Promise<{ envelope: Buffer; target: WriteTarget; end: TaskEnd; answer: Upload['stream'] }> {
  const made = makeUpload(it, fileTarget(it));
  it.connection.send({ type: 'task', task: made.task });
  const out: Buffer[] = [];
  const taken = takeChunks(it.connection, made.task.taskId, (payload) => out.push(payload));
  taken.catch(() => undefined);
  await sendValue(it, made, cut(value));
  const end = await it.connection.end(made.task.taskId);
  if (end.type === 'result') await taken;
  return { envelope: Buffer.concat(out), target: made.target, end, answer: made.stream };
}

export function* cut(bytes: Uint8Array, length: number = STREAM_CHUNK_BYTES): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

export type Download = {
  task: TaskOf<'download'>;
  exchange: ReturnType<DelegateFixture['session']['sealRequest']>;
};

/** The task and the client's request of a download. */
export function makeDownload(
  it: StreamPeer,
  target: WriteTarget,
  options: { reference?: string; sealedItems?: string[] } = {},
): Download {
  const requestId = newId('request');
  const reference = options.reference ?? target.name;
  const content = encodeContent({ items: options.sealedItems ?? [reference] }, []);
  const exchange = it.session.sealRequest({ requestId, operation: 'download' }, content);
  const task: TaskOf<'download'> = {
    kind: 'download',
    taskId: newId('task'),
    timeoutMs: 60_000,
    requestId,
    item: { ...target, reference },
    sealed: exchange.sealed,
  };
  return { task, exchange };
}

export type Downloaded = { header: unknown; value: Buffer; complete: boolean; end: TaskEnd };

/** Serves an envelope to a download and opens what the delegate answers. */
export async function download(it: StreamPeer, made: Download, envelope: Uint8Array): Promise<Downloaded> {
  const { task, exchange } = made;
  it.connection.send({ type: 'task', task });
  const opened: Buffer[] = [];
  const taken = takeChunks(it.connection, task.taskId, (payload) => {
    opened.push(exchange.openAnswerChunk(payload).content);
  });
  taken.catch(() => undefined);
  const sender = new ChunkSender(it.connection, task.taskId);
  const sending = (async () => {
    const parts = [...cut(envelope)];
    for (const [index, part] of parts.entries()) await sender.send(part, index === parts.length - 1);
  })();
  sending.catch(() => undefined);
  const end = await it.connection.end(task.taskId);
  if (end.type === 'result') await taken;
  const [head, ...values] = opened;
  const header = head === undefined ? null : decodeContent(head).header;
  return { header, value: Buffer.concat(values), complete: exchange.ended, end };
}
