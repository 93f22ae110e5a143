// Files through the delegate: streamed in flat memory, compared with what was sealed, complete or not at all.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SealedReadAnswer, SealedWriteAnswer, STREAM_CHUNK_BYTES } from '@sallyport/protocol';
import type { TaskOf } from '@sallyport/protocol';
import { decodeContent } from '@sallyport/protocol/sealing';
import { DelegateFixture, newId } from './delegate-fixture.ts';
import {
  ChunkSender,
  cut,
  download,
  fileTarget,
  makeDownload,
  makeUpload,
  sendValue,
  takeChunks,
  upload,
  uploadHeader,
} from './stream-client.ts';
import type { Upload } from './stream-client.ts';

const MIB = 1_048_576;

describe('a file', () => {
  test.each([1, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB, 3 * MIB + 17])(
    'of %i bytes comes back byte for byte',
    async (bytes) => {
      await using it = await DelegateFixture.start();
      const value = randomBytes(bytes);
      const written = await upload(it, value);
      if (written.end.type !== 'result' || written.end.result.kind !== 'upload') {
        throw new Error(JSON.stringify(written.end));
      }
      const answer = decodeContent(written.answer.openAnswer(written.end.result.answer));
      const { place: _place, ...target } = written.target;
      expect(SealedWriteAnswer.parse(answer.header)).toEqual({ ...target, valueBytes: bytes });

      const read = await download(it, makeDownload(it, written.target), written.envelope);
      expect(read.end.type).toBe('result');
      expect(read.complete).toBe(true);
      expect(read.value.equals(value)).toBe(true);
      const { name, version, secretId, kind } = written.target;
      const entry = { outcome: 'value', reference: name, secretId, name, version, kind };
      expect(SealedReadAnswer.parse(read.header)).toEqual({ entries: [entry] });
    },
  );

  test('of 0 bytes is refused before any key is made', async () => {
    let calls = 0;
    await using it = await DelegateFixture.start({
      dependencies: {
        keyProviderSources: {
          'built-in': {
            open: () => {
              calls += 1;
              throw new Error('a key was asked for');
            },
            preflight: () => Promise.reject(new Error('unused')),
            close: () => undefined,
          },
        },
      },
    });
    const { end } = await upload(it, Buffer.alloc(0));
    expect(end).toMatchObject({ type: 'failure', error: { code: 'empty-value' } });
    expect(calls).toBe(0);
  });

  test('whose header chunk is the final one is refused as empty', async () => {
    await using it = await DelegateFixture.start();
    const { task, stream, target } = makeUpload(it, fileTarget(it));
    it.connection.send({ type: 'task', task });
    const sender = new ChunkSender(it.connection, task.taskId);
    await sender.send(stream.sealChunk(uploadHeader(target), { final: true }), true);
    expect(await it.connection.end(task.taskId)).toMatchObject({ error: { code: 'empty-value' } });
  });

  test('may end with an empty last chunk of the transport after the final sealed one', async () => {
    await using it = await DelegateFixture.start();
    const { task, stream, target } = makeUpload(it, fileTarget(it));
    it.connection.send({ type: 'task', task });
    const sender = new ChunkSender(it.connection, task.taskId);
    await sender.send(stream.sealChunk(uploadHeader(target), { final: false }), false);
    await sender.send(stream.sealChunk(Buffer.from('v'), { final: true }), false);
    await sender.send(Buffer.alloc(0), true);
    expect(await it.connection.end(task.taskId)).toMatchObject({ type: 'result', result: { valueBytes: 1 } });
  });
});

describe('an upload is refused', () => {
  async function endOf(it: DelegateFixture, made: Upload, send: () => Promise<void>): Promise<unknown> {
    it.connection.send({ type: 'task', task: made.task });
    await send();
    return it.connection.end(made.task.taskId);
  }
  const rejected = { type: 'failure', error: { code: 'sealed-message-rejected' } };

  // The attacks: a server that stores the file elsewhere, or drops, swaps or repeats chunks.
  test.each<[string, (task: TaskOf<'upload'>) => TaskOf<'upload'>]>([
    ['another secret', (task) => ({ ...task, request: { ...task.request, secret: 'other' } })],
    ['another name', (task) => ({ ...task, target: { ...task.target, name: 'other' } })],
    ['another kind', (task) => ({ ...task, target: { ...task.target, kind: 'text' } })],
    ['another request', (task) => ({ ...task, requestId: newId('request') })],
  ])('when the task names %s than the client sealed', async (_name, lie) => {
    await using it = await DelegateFixture.start();
    const made = makeUpload(it, fileTarget(it));
    const lying = { ...made, task: lie(made.task) };
    expect(await endOf(it, lying, () => sendValue(it, lying, [Buffer.from('v')]))).toMatchObject(rejected);
  });

  test('when it has another length than its header says', async () => {
    await using it = await DelegateFixture.start();
    for (const valueBytes of [1, 3]) {
      const made = makeUpload(it, fileTarget(it));
      const header = uploadHeader(made.target, { valueBytes });
      const end = await endOf(it, made, () => sendValue(it, made, [Buffer.from('vv')], header));
      expect(end).toMatchObject(rejected);
    }
  });

  test('when the transport ends before the final chunk, and nothing usable was stored', async () => {
    await using it = await DelegateFixture.start();
    const made = makeUpload(it, fileTarget(it));
    const end = await endOf(it, made, async () => {
      const sender = new ChunkSender(it.connection, made.task.taskId);
      await sender.send(made.stream.sealChunk(uploadHeader(made.target), { final: false }), false);
      await sender.send(made.stream.sealChunk(Buffer.from('part'), { final: false }), true);
    });
    expect(end).toMatchObject(rejected);
  });

  test('when chunks are swapped, repeated or left out', async () => {
    await using it = await DelegateFixture.start();
    for (const order of [
      [1, 0],
      [0, 0],
      [0, 2],
    ]) {
      const made = makeUpload(it, fileTarget(it));
      const head = made.stream.sealChunk(uploadHeader(made.target), { final: false });
      const sealed = ['a', 'b', 'c'].map((text) =>
        made.stream.sealChunk(Buffer.from(text), { final: text === 'c' }),
      );
      const end = await endOf(it, made, async () => {
        const sender = new ChunkSender(it.connection, made.task.taskId);
        await sender.send(head, false);
        for (const index of order) await sender.send(sealed[index] ?? Buffer.alloc(0), false);
      });
      expect(end).toMatchObject(rejected);
    }
  });

  test('when the sender ignores the credit window', async () => {
    await using it = await DelegateFixture.start();
    const made = makeUpload(it, fileTarget(it));
    it.connection.send({ type: 'task', task: made.task });
    const { taskId } = made.task;
    it.connection.sendChunk({
      taskId,
      last: false,
      payload: made.stream.sealChunk(uploadHeader(made.target), { final: false }),
    });
    for (let index = 0; index < 20; index++) {
      const payload = made.stream.sealChunk(Buffer.alloc(MIB), { final: false });
      it.connection.sendChunk({ taskId, last: false, payload });
    }
    expect(await it.connection.end(taskId)).toMatchObject({ error: { code: 'invalid-request' } });
  });
});

describe('a download is refused', () => {
  test.each<[string, (envelope: Buffer) => Buffer]>([
    ['cut short', (envelope) => envelope.subarray(0, -1)],
    ['with a byte after its end', (envelope) => Buffer.concat([envelope, Buffer.from([0])])],
    ['with a bit flipped in its last frame', (envelope) => flipped(envelope, envelope.length - 20)],
    ['with a bit flipped in its first frame', (envelope) => flipped(envelope, 2000)],
    ['with a bit flipped in its header', (envelope) => flipped(envelope, 50)],
  ])('when the envelope comes %s: the client never sees the final chunk', async (_name, damage) => {
    await using it = await DelegateFixture.start();
    const written = await upload(it, randomBytes(2 * MIB + 100));
    const read = await download(it, makeDownload(it, written.target), damage(written.envelope));
    expect(read.end).toMatchObject({ type: 'failure', error: { code: 'envelope-rejected' } });
    expect(read.complete).toBe(false);
  });

  test('when it is not what the client sealed, or not what the reference names, and no chunk is sent', async () => {
    await using it = await DelegateFixture.start();
    const written = await upload(it, randomBytes(100));
    const other = makeDownload(it, written.target, { sealedItems: ['other'] });
    const wrongName = makeDownload(it, written.target, { reference: 'other' });
    const wrongVersion = makeDownload(it, written.target, { reference: `${written.target.name}@2` });
    for (const made of [other, wrongName, wrongVersion]) {
      const read = await download(it, made, written.envelope);
      expect(read.end).toMatchObject({ type: 'failure', error: { code: 'sealed-message-rejected' } });
      expect(read).toMatchObject({ header: null, complete: false });
    }
  });

  test('when the envelope belongs to another version of the secret, and no chunk is sent', async () => {
    await using it = await DelegateFixture.start();
    const written = await upload(it, randomBytes(100));
    const read = await download(it, makeDownload(it, { ...written.target, version: 2 }), written.envelope);
    expect(read.end).toMatchObject({ type: 'failure', error: { code: 'envelope-rejected' } });
    expect(read).toMatchObject({ header: null, complete: false });
  });
});

describe('credit', () => {
  test('a delegate sends no more than four chunks ahead of what it was granted', async () => {
    await using it = await DelegateFixture.start();
    const value = randomBytes(12 * MIB);
    const written = await upload(it, value);
    const { task, exchange } = makeDownload(it, written.target);
    it.connection.send({ type: 'task', task });
    const sender = new ChunkSender(it.connection, task.taskId);
    const parts = [...cut(written.envelope)];
    const sending = (async () => {
      for (const [index, part] of parts.entries()) await sender.send(part, index === parts.length - 1);
    })();
    // The delegate stops reading when it may not send: it takes its window and what it has in hand, and no more.
    let ahead = 0;
    for (; ahead < 4; ahead++) exchange.openAnswerChunk((await it.connection.nextChunk(task.taskId)).payload);
    const fifth = it.connection.nextChunk(task.taskId);
    const race = await Promise.race([fifth.then(() => 'sent'), roundTrip(it).then(() => 'waiting')]);
    expect(race).toBe('waiting');
    it.connection.send({ type: 'credit', taskId: task.taskId, chunks: 64 });
    exchange.openAnswerChunk((await fifth).payload);
    await takeChunks(it.connection, task.taskId, (payload) => exchange.openAnswerChunk(payload));
    await sending;
    expect(exchange.ended).toBe(true);
    expect(await it.connection.end(task.taskId)).toMatchObject({ type: 'result' });
  });

  /** Something the delegate answers at once: whatever it was going to send before has arrived then. */
  async function roundTrip(it: DelegateFixture): Promise<void> {
    for (let index = 0; index < 3; index++) await it.stored('v', it.target({ name: `n${index}` }));
  }

  test('chunks on the wire hold at most the agreed payload', async () => {
    await using it = await DelegateFixture.start();
    const made = makeUpload(it, fileTarget(it));
    it.connection.send({ type: 'task', task: made.task });
    const sizes: number[] = [];
    const taken = takeChunks(it.connection, made.task.taskId, (payload) => sizes.push(payload.length));
    await sendValue(it, made, cut(randomBytes(5 * MIB)));
    await taken;
    expect(Math.max(...sizes)).toBe(STREAM_CHUNK_BYTES);
    expect(sizes.filter((size) => size === STREAM_CHUNK_BYTES)).toHaveLength(sizes.length - 1);
  });
});

function flipped(envelope: Buffer, at: number): Buffer {
  const copy = Buffer.from(envelope);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
