// What a client takes for the answer to its script. The attacks: a server, or a delegate, that runs a script with other secrets than were asked
// for, and a server that leads it to another delegate than was named.
import { describe, expect, test } from 'vitest';
import { makeId } from '@sallyport/core';
import { encodeContent } from '@sallyport/protocol/client';
import { namedOnly } from '../src/scripts/run-script.ts';
import { readReady, readScriptEvent } from '../src/scripts/script-events.ts';

const secretId = makeId('secret', { nowMs: 1, random: new Uint8Array(10).fill(1) });
const otherId = makeId('secret', { nowMs: 1, random: new Uint8Array(10).fill(2) });
const secret = { reference: 'db-password', secretId, name: 'DB-password', version: 3 };
const mismatch = expect.objectContaining({ code: 'answer-mismatch' });

const ready = (...secrets: object[]): Uint8Array => encodeContent({ is: 'ready', secrets, unmasked: [] }, []);

describe('the secrets of a script', () => {
  test('are those that were asked for, whatever the letter case of their names', () => {
    const byId = { ...secret, reference: `sally://shop/prod/${secretId}@3` };
    const asked = [secret.reference, byId.reference];
    expect(readReady(ready(secret, byId), asked)).toEqual({ secrets: [secret, byId], unmasked: [] });
  });

  test.each<[string, Uint8Array, string[]]>([
    ['a secret is missing', ready(), ['db-password']],
    ['one more was given', ready(secret), []],
    ['one was given twice', ready(secret, secret), ['db-password']],
    ['it has another name', ready({ ...secret, name: 'other' }), ['db-password']],
    ['it has another id', ready({ ...secret, reference: otherId }), [otherId]],
    ['it has another version', ready({ ...secret, reference: 'db-password@2' }), ['db-password@2']],
    ['the answer begins with something else', encodeContent({ is: 'alive' }, []), []],
    ['the answer is none', Uint8Array.of(1, 2, 3), []],
  ])('are refused when %s', (_name, chunk, asked) => {
    expect(() => readReady(chunk, asked)).toThrow(mismatch);
  });
});

test('output comes with its bytes and nothing else does', () => {
  const bytes = Uint8Array.of(1, 2);
  expect(readScriptEvent(encodeContent({ is: 'output', stream: 'stderr' }, [bytes]))).toMatchObject({
    is: 'output',
    stream: 'stderr',
    bytes,
  });
  expect(() => readScriptEvent(encodeContent({ is: 'output', stream: 'stdout' }, []))).toThrow(mismatch);
  expect(() => readScriptEvent(encodeContent({ is: 'alive' }, [bytes]))).toThrow(mismatch);
  expect(() => readScriptEvent(ready(secret))).toThrow(mismatch);
});

test('a script for a delegate that was named goes to no other', () => {
  const offers = ['prod-1', 'evil'].map(
    (name) => ({ offer: { name } }) as Parameters<typeof namedOnly>[0][number],
  );
  expect(namedOnly(offers, 'PROD-1').map(({ offer }) => offer.name)).toEqual(['prod-1']);
  expect(() => namedOnly(offers, 'prod-2')).toThrow(mismatch);
});
