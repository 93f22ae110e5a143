// The promises around error codes: every code has an entry, a status that fits the API, and a row in the reference page; and what
// travels between processes arrives as what was thrown, without anything that may not be read.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AppError, ERROR_CODES, isErrorCode } from '@sallyport/core';
import { ERROR_REGISTRY, fromWireError, ROUTES, toWireError, WireError } from '../src/index.ts';

const codes = Object.keys(ERROR_CODES).filter(isErrorCode);
const page = join(import.meta.dirname, '../../../docs/reference/errors.md');

describe('the registry', () => {
  test('has an entry for every code, and none besides', () => {
    expect(Object.keys(ERROR_REGISTRY).toSorted()).toEqual(codes.toSorted());
  });

  test('gives each code a status that says whose turn it is, and sentences a person can read', () => {
    for (const code of codes) {
      const { httpStatus, meaning, nextStep } = ERROR_REGISTRY[code];
      expect(httpStatus, code).toBeGreaterThanOrEqual(400);
      expect(httpStatus, code).toBeLessThan(600);
      for (const text of [meaning, nextStep]) expect(text, code).toMatch(/^[A-Z`].*[.]$/s);
    }
  });

  test('a code that may succeed when tried again has a status that does not say otherwise', () => {
    for (const code of codes.filter((one) => ERROR_CODES[one].retryable)) {
      expect([403, 409, 429, 502, 503, 504], code).toContain(ERROR_REGISTRY[code].httpStatus);
    }
  });

  test('every code that a route documents exists', () => {
    const documented = Object.values(ROUTES).flatMap((route): readonly string[] => route.errors);
    expect(documented.length).toBeGreaterThan(50);
    for (const code of documented) expect(codes).toContain(code);
  });
});

describe('docs/reference/errors.md', () => {
  test('has exactly the rows of the registry, in its order', async () => {
    const rows = (await readFile(page, 'utf8')).split('\n').filter((line) => line.startsWith('| `'));
    const expected = codes.map((code) => {
      const { httpStatus, meaning, nextStep } = ERROR_REGISTRY[code];
      const again = ERROR_CODES[code].retryable ? 'yes' : 'no';
      return `| \`${code}\` | ${httpStatus} | ${again} | ${meaning} | ${nextStep} |`;
    });
    expect(rows).toEqual(expected);
  });
});

describe('an error on the wire', () => {
  test.each(codes)('%s arrives as it was thrown', (code) => {
    const thrown = new AppError(code, {
      publicMessage: 'What happened.',
      message: 'internal-detail',
      data: {
        stage: 'key',
        awsCode: 'DisabledException',
        requestId: 'r-1',
        delegate: 'one',
        hint: 'Do this.',
      },
      cause: new Error('internal-cause'),
    });
    const wire = WireError.parse(JSON.parse(JSON.stringify(toWireError(thrown))));
    expect(JSON.stringify(wire)).not.toContain('internal-');
    expect(fromWireError(wire)).toMatchObject({
      code,
      publicMessage: 'What happened.',
      retryable: ERROR_CODES[code].retryable,
      data: thrown.data,
    });
  });

  test('without a hint of its own carries the next step of its code', () => {
    const wire = toWireError(new AppError('no-delegate', { publicMessage: 'None.' }));
    expect(wire.data?.hint).toBe(ERROR_REGISTRY['no-delegate'].nextStep);
  });

  test('an unknown fault says nothing of itself', () => {
    for (const thrown of [new Error('password is hunter2'), 'hunter2', null, { secret: 'hunter2' }]) {
      const wire = toWireError(thrown);
      expect(wire).toMatchObject({ code: 'internal', retryable: false });
      expect(JSON.stringify(wire)).not.toContain('hunter2');
    }
  });
});
