// The promise that AES-GCM stands on: no key ever seals twice under one nonce, in any mix of requests, streams and answers.
import type { sealAead as SealAead } from '@sallyport/core/aead';
import type { AnswerSealer } from '@sallyport/protocol/sealing';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { bytes, makePair, PURPOSE } from './sealing-fixture.ts';

const used: string[] = [];

// Not a stand-in: the real AEAD runs, and what it is given is written down on the way.
vi.mock('@sallyport/core/aead', async (original) => {
  const aead = await original<{ sealAead: typeof SealAead }>();
  const sealAead: typeof SealAead = (input, plaintext) => {
    used.push(`${input.key.export().toString('hex')} ${Buffer.from(input.nonce).toString('hex')}`);
    return aead.sealAead(input, plaintext);
  };
  return { ...aead, sealAead };
});

const step = fc.record({
  client: fc.nat({ max: 2 }),
  streamed: fc.boolean(),
  chunks: fc.integer({ min: 1, max: 4 }),
  answer: fc.constantFrom('none', 'box', 'chunks'),
  replayed: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Seals `count` chunks with `seal`, the last of them final. */
function sealChunks(
  count: number,
  seal: (content: Buffer, options: { final: boolean }) => Buffer,
): readonly Buffer[] {
  return Array.from({ length: count }, (_, at) => seal(bytes('part'), { final: at === count - 1 }));
}

function reply({ answer, chunks }: Step, sealer: AnswerSealer): void {
  if (answer === 'box') sealer.sealAnswer(bytes('answer'));
  if (answer === 'chunks') sealChunks(chunks, (content, options) => sealer.sealAnswerChunk(content, options));
}

function run(steps: readonly Step[]): void {
  const pair = makePair({ maxSessions: 2 });
  const clients = [pair.openClient(), pair.openClient(), pair.openClient()];
  for (const step of steps) {
    const client = clients[step.client] ?? pair.openClient();
    const stream = client.startStream(PURPOSE);
    const parts = step.streamed
      ? sealChunks(step.chunks, (content, options) => stream.sealChunk(content, options))
      : [];
    const request = client.sealRequest(PURPOSE, bytes('whole'));
    const deliver = (): void => {
      if (!step.streamed) return reply(step, pair.sessions.openRequest(PURPOSE, request.sealed));
      const opened = pair.sessions.openStream(PURPOSE, stream.header);
      for (const part of parts) opened.openChunk(part);
      return reply(step, opened);
    };
    for (const again of [false, true]) {
      if (again && !step.replayed) continue;
      try {
        deliver();
        expect(again).toBe(false);
      } catch (thrown) {
        // Replays, and sessions that made room for others, are refused; that is part of the mix.
        expect(['sealed-message-rejected', 'session-unknown']).toContain((thrown as { code?: string }).code);
      }
    }
  }
}

test('no key and nonce pair is used twice, whatever is sent in both directions', () => {
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
    used.length = 0;
    run(steps);
    expect(used.length).toBeGreaterThanOrEqual(steps.length);
    expect(new Set(used).size).toBe(used.length);
  });
  fc.assert(property, { numRuns: 100 });
});
