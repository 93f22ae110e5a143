// Requests and answers in chunks: nothing is cut off, moved, doubled or taken from elsewhere without being noticed.
import { createSecretKey } from 'node:crypto';
import type { ClientStream, DelegateStream } from '@sallyport/protocol/sealing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SealedMessage } from '../src/sealing/sealed-message.ts';
import { bitFlips, bytes, codeOf, makePair, PURPOSE, truncations } from './sealing-fixture.ts';
import type { Pair } from './sealing-fixture.ts';

const UPLOAD = { requestId: 'req_9', operation: 'upload' };
const more = { final: false };
const final = { final: true };

function startUpload(pair: Pair = makePair()): { pair: Pair; up: ClientStream; down: DelegateStream } {
  const up = pair.openClient().startStream(UPLOAD);
  return { pair, up, down: pair.sessions.openStream(UPLOAD, up.header) };
}

const chunksOf = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 10 });

test('an upload answered in a box and a download in chunks come through as they were', () => {
  const property = fc.property(chunksOf, chunksOf, (upload, download) => {
    const { pair, up, down } = startUpload();
    for (const [index, content] of upload.entries()) {
      const last = index === upload.length - 1;
      expect(down.ended).toBe(false);
      const opened = down.openChunk(up.sealChunk(content, { final: last }));
      expect(opened).toEqual({ content: Buffer.from(content), final: last });
    }
    expect(down.ended).toBe(true);
    expect(up.openAnswer(down.sealAnswer(bytes('stored')))).toEqual(bytes('stored'));

    const request = pair.openClient().sealRequest(PURPOSE, bytes('get'));
    const answer = pair.sessions.openRequest(PURPOSE, request.sealed);
    for (const [index, content] of download.entries()) {
      const last = index === download.length - 1;
      expect(request.ended).toBe(false);
      const opened = request.openAnswerChunk(answer.sealAnswerChunk(content, { final: last }));
      expect(opened).toEqual({ content: Buffer.from(content), final: last });
    }
    expect(request.ended).toBe(true);
  });
  fc.assert(property, { numRuns: 50 });
});

// Both directions run the same attacks: `seal` at one end, `open` at the other.
const directions = [
  {
    name: 'an upload',
    code: 'sealed-message-rejected',
    start: () => {
      const { up, down } = startUpload();
      return {
        seal: (text: string, options: { final: boolean }) => up.sealChunk(bytes(text), options),
        open: (chunk: Uint8Array) => down.openChunk(chunk),
        ended: () => down.ended,
      };
    },
  },
  {
    name: 'a download',
    code: 'answer-mismatch',
    start: () => {
      const { up, down } = startUpload();
      down.openChunk(up.sealChunk(bytes('which file'), final));
      return {
        seal: (text: string, options: { final: boolean }) => down.sealAnswerChunk(bytes(text), options),
        open: (chunk: Uint8Array) => up.openAnswerChunk(chunk),
        ended: () => up.ended,
      };
    },
  },
];

describe.each(directions)('$name', ({ code, start }) => {
  test('refuses a chunk that is left out, repeated or in the wrong place, and goes on with the right one', () => {
    const { seal, open, ended } = start();
    const [one, two, three] = [seal('one', more), seal('two', more), seal('three', final)] as const;
    expect(codeOf(() => open(two))).toBe(code);
    expect(codeOf(() => open(three))).toBe(code);
    expect(open(one).content).toEqual(bytes('one'));
    expect(codeOf(() => open(one))).toBe(code);
    expect(codeOf(() => open(three))).toBe(code);
    expect(open(two).content).toEqual(bytes('two'));
    expect(ended()).toBe(false);
    expect(open(three)).toEqual({ content: bytes('three'), final: true });
    expect(ended()).toBe(true);
  });

  test('does not look complete before its final chunk, nor is a chunk made final by its flag', () => {
    const { seal, open, ended } = start();
    const [one, two] = [seal('one', more), seal('two', final)] as const;
    const shortened = Buffer.from(one);
    shortened.writeUInt8(1, 0);
    expect(codeOf(() => open(shortened))).toBe(code);
    open(one);
    expect(ended()).toBe(false);
    const prolonged = Buffer.from(two);
    prolonged.writeUInt8(0, 0);
    expect(codeOf(() => open(prolonged))).toBe(code);
    expect(ended()).toBe(false);
    open(two);
  });

  test('takes nothing after its final chunk', () => {
    const { seal, open } = start();
    const last = seal('last', final);
    open(last);
    expect(codeOf(() => open(last))).toBe(code);
    expect(codeOf(() => seal('more', final))).toBe('internal');
  });

  test('refuses every changed bit and every truncation of a chunk', () => {
    const { seal, open } = start();
    for (const options of [more, final]) {
      const chunk = seal('content', options);
      for (const damaged of [
        ...bitFlips(chunk),
        ...truncations(chunk),
        Buffer.concat([chunk, Buffer.alloc(1)]),
      ]) {
        expect(codeOf(() => open(damaged))).toBe(code);
      }
      expect(open(chunk)).toEqual({ content: bytes('content'), ...options });
    }
  });
});

// Otherwise the relay could hand a sealed error report over as the bytes of a file, or the other way round.
test('a box is never taken for a chunk, nor a chunk for a box', () => {
  const pair = makePair();
  const client = pair.openClient();
  const boxed = client.sealRequest(PURPOSE, bytes('x'));
  const asChunk = Buffer.concat([Buffer.from([1]), Buffer.from(boxed.sealed.box, 'base64url')]);
  const stream = pair.sessions.openStream(PURPOSE, boxed.sealed);
  expect(codeOf(() => stream.openChunk(asChunk))).toBe('sealed-message-rejected');

  const streamed = client.startStream(PURPOSE);
  const asBox = streamed.sealChunk(bytes('y'), final).subarray(1).toString('base64url');
  expect(codeOf(() => pair.sessions.openRequest(PURPOSE, { ...streamed.header, box: asBox }))).toBe(
    'sealed-message-rejected',
  );

  const answerBox = pair.sessions.openRequest(PURPOSE, boxed.sealed).sealAnswer(bytes('failed'));
  const answerChunk = Buffer.concat([Buffer.from([1]), Buffer.from(answerBox, 'base64url')]);
  expect(codeOf(() => boxed.openAnswerChunk(answerChunk))).toBe('answer-mismatch');
  expect(boxed.openAnswer(answerBox)).toEqual(bytes('failed'));
  expect(codeOf(() => boxed.openAnswerChunk(answerChunk))).toBe('answer-mismatch');
});

test('a stream sealed for another request or operation is refused', () => {
  const pair = makePair();
  const up = pair.openClient().startStream(UPLOAD);
  const chunk = up.sealChunk(bytes('x'), final);
  for (const purpose of [PURPOSE, { ...UPLOAD, requestId: 'req_8' }, { ...UPLOAD, operation: 'download' }]) {
    const stream = pair.sessions.openStream(purpose, up.header);
    expect(codeOf(() => stream.openChunk(chunk))).toBe('sealed-message-rejected');
  }
  expect(pair.sessions.openStream(UPLOAD, up.header).openChunk(chunk).content).toEqual(bytes('x'));
});

// A sender with the keys who does not keep to the rules: it ends the message at its first chunk and then goes on.
test('a receiver opens nothing after the final chunk, even from somebody who can seal it', () => {
  const direction = { key: createSecretKey(Buffer.alloc(32, 1)), aadPrefix: bytes('prefix') };
  const newMessage = () => new SealedMessage(direction, { purpose: UPLOAD, counter: 0, form: 'chunks' });
  const [receiver, honest, other] = [newMessage(), newMessage(), newMessage()];
  expect(receiver.open(honest.seal(bytes('all'), final))?.final).toBe(true);
  other.seal(bytes('one'), more);
  expect(receiver.open(other.seal(bytes('two'), more))).toBeNull();
});

test('an answer that began in one form does not go on in the other', () => {
  const { up, down } = startUpload();
  down.openChunk(up.sealChunk(bytes('which file'), final));
  const chunk = down.sealAnswerChunk(bytes('one'), more);
  expect(codeOf(() => down.sealAnswer(bytes('two')))).toBe('internal');
  up.openAnswerChunk(chunk);
  expect(codeOf(() => up.openAnswer(chunk.subarray(1).toString('base64url')))).toBe('answer-mismatch');
  expect(up.openAnswerChunk(down.sealAnswerChunk(bytes('two'), final)).final).toBe(true);
});

// The relay starts two streams with one header. Were both let through, two answers would be sealed under one nonce.
test('of two streams with one counter only the first to show its first chunk is opened, and only that one is answered', () => {
  const pair = makePair();
  const up = pair.openClient().startStream(UPLOAD);
  const streams = [
    pair.sessions.openStream(UPLOAD, up.header),
    pair.sessions.openStream(UPLOAD, up.header),
  ] as const;
  const chunk = up.sealChunk(bytes('x'), more);
  expect(codeOf(() => streams[0].sealAnswer(bytes('too early')))).toBe('internal');
  expect(streams[1].openChunk(chunk).content).toEqual(bytes('x'));
  expect(codeOf(() => streams[0].openChunk(chunk))).toBe('sealed-message-rejected');
  expect(codeOf(() => streams[0].sealAnswer(bytes('second')))).toBe('internal');
  expect(codeOf(() => streams[0].sealAnswerChunk(bytes('second'), final))).toBe('internal');
  expect(codeOf(() => pair.sessions.openStream(UPLOAD, up.header))).toBe('sealed-message-rejected');
  expect(up.openAnswer(streams[1].sealAnswer(bytes('first')))).toEqual(bytes('first'));
});

test('a loser of that race opens none of the chunks that follow, either', () => {
  const pair = makePair();
  const up = pair.openClient().startStream(UPLOAD);
  const [winner, loser] = [
    pair.sessions.openStream(UPLOAD, up.header),
    pair.sessions.openStream(UPLOAD, up.header),
  ] as const;
  const [one, two] = [up.sealChunk(bytes('one'), more), up.sealChunk(bytes('two'), final)] as const;
  winner.openChunk(one);
  expect(codeOf(() => loser.openChunk(one))).toBe('sealed-message-rejected');
  expect(codeOf(() => loser.openChunk(two))).toBe('sealed-message-rejected');
  expect(loser.ended).toBe(false);
  expect(winner.openChunk(two).final).toBe(true);
});
