// A program that is kept running while its secrets change: nothing that it is sent gets lost, nothing that fails once is forgotten.
import { setImmediate as turn } from 'node:timers/promises';
import { AppError } from '@sallyport/core';
import type { Client } from '@sallyport/sdk';
import { expect, test } from 'vitest';
import { keepRunning } from '../src/run/keep-running.ts';
import type { Course, Watched } from '../src/run/keep-running.ts';
import type { ReadSecrets } from '../src/run/read-plan.ts';
import type { Child, Ending } from '../src/run/start-child.ts';

const NOTHING: ReadSecrets = { variables: new Map(), files: [], secret: [] };

/** A program that ends when it is told to; `holdsOutput`: what it leaves behind keeps its output open. */
function program(sent: string[], holdsOutput = false): Child & { end: (ending: Ending) => void } {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  return {
    exited: promise,
    ended: holdsOutput ? new Promise(() => undefined) : promise,
    end: resolve,
    send: (signal) => {
      sent.push(signal);
      if (signal === 'SIGTERM') resolve({ signal });
    },
  };
}

/** A server at which the one secret has had another version since the program was started, and no further one. */
function watched(read: Watched['read']): Watched {
  const usable = async (): Promise<unknown> =>
    Promise.resolve({ secrets: [{ reference: 'a', secretId: 'sec_a', version: 2 }], unreadable: [] });
  return {
    client: { usable } as unknown as Client,
    selection: {
      place: null,
      all: false,
      excluded: [],
      service: null,
      mapped: [{ variable: 'A', origin: '--set', reference: 'a' }],
      transform: 'upper-snake',
      prefix: '',
      files: false,
    },
    watch: { intervalMs: 1, signal: null, graceMs: 1 },
    versions: 'of before',
    read,
  };
}

test('a signal that comes while the program is being started reaches it', async () => {
  const sent: string[] = [];
  const child = program(sent);
  const gate = Promise.withResolvers<void>();
  const course: Course = {
    start: async () => gate.promise.then(() => child),
    renew: () => undefined,
    note: () => undefined,
  };
  const ending = keepRunning(course, NOTHING, null);
  await turn();
  process.emit('SIGTERM', 'SIGTERM');
  gate.resolve();
  expect(await ending).toEqual({ signal: 'SIGTERM' });
  expect(sent).toEqual(['SIGTERM']);
});

test('a change whose values cannot be read is tried again, without a further one, and told once', async () => {
  const notes: string[] = [];
  const children: ReturnType<typeof program>[] = [];
  const course: Course = {
    start: async () => {
      const child = program([]);
      children.push(child);
      if (children.length === 2) child.end({ code: 7 });
      return Promise.resolve(child);
    },
    renew: () => undefined,
    note: (text) => notes.push(text),
  };
  let reads = 0;
  const standing = watched(async () => {
    reads += 1;
    if (reads < 4) throw new AppError('no-delegate', { publicMessage: 'No delegate.' });
    return Promise.resolve(NOTHING);
  });
  expect(await keepRunning(course, NOTHING, standing)).toEqual({ code: 7 });
  expect(reads).toBe(4);
  expect(notes).toEqual([
    expect.stringMatching(/goes on with what it has: No delegate\.$/),
    expect.stringMatching(/is started again/),
  ]);
});

test('a program is started again although what it left behind holds its output', async () => {
  let starts = 0;
  const course: Course = {
    start: async () => {
      starts += 1;
      const child = program([], starts === 1);
      if (starts === 2) child.end({ code: 3 });
      return Promise.resolve(child);
    },
    renew: () => undefined,
    note: () => undefined,
  };
  expect(
    await keepRunning(
      course,
      NOTHING,
      watched(async () => Promise.resolve(NOTHING)),
    ),
  ).toEqual({ code: 3 });
});
