// What pages say: errors, times, sizes, passwords, steps.
import { describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/sdk/browser';
import { stepsOf } from '../src/first-steps/first-steps.ts';
import { judgePassword } from '../src/sign-in/judge-password.ts';
import { factsOf } from '../src/ui/error-facts.ts';
import { sayBytes, sayCount, sayTime } from '../src/ui/say-time.ts';

describe('an error', () => {
  test('says what is wrong, what to do, and the facts that support asks for', () => {
    const error = new AppError('access-denied', {
      publicMessage: 'AWS refused kms:Decrypt.',
      data: {
        delegate: 'vpc-1',
        stage: 'permission',
        awsCode: 'AccessDeniedException',
        requestId: 'aws-1',
        hint: 'Add the statement.',
        missingStatement: '{"Effect":"Allow"}',
        serverRequestId: 'req_1',
      },
    });
    expect(factsOf(error)).toEqual({
      code: 'access-denied',
      message: 'AWS refused kms:Decrypt.',
      hint: 'Add the statement.',
      rows: [
        { label: 'Delegate', value: 'vpc-1' },
        { label: 'Stage', value: 'permission' },
        { label: 'AWS error', value: 'AccessDeniedException' },
        { label: 'AWS request id', value: 'aws-1' },
        { label: 'Request id', value: 'req_1' },
      ],
      missingStatement: '{"Effect":"Allow"}',
      retryable: false,
    });
  });

  test('speaks of pages where it would speak of commands, and keeps a better hint of its own', () => {
    const hintOf = (hint: string) =>
      factsOf(new AppError('no-delegate', { publicMessage: 'None.', data: { hint } })).hint;
    expect(hintOf('Run `sallyport delegate explain` to see them.')).toContain('Look at Delegates');
    expect(hintOf('Start the delegate “vpc-1” again.')).toBe('Start the delegate “vpc-1” again.');
  });

  test('that is a fault of the page says so, without a code', () => {
    expect(factsOf(new TypeError('x is undefined'))).toMatchObject({
      code: null,
      message: 'Something in this page went wrong.',
      rows: [{ label: 'Fault', value: 'x is undefined' }],
    });
    expect(factsOf('thrown')).toMatchObject({ code: null, rows: [] });
  });

  test.each([
    'Failed to fetch dynamically imported module: https://sally.example/assets/page.js',
    'error loading dynamically imported module: https://sally.example/assets/page.js',
    'Importing a module script failed.',
    'Unable to preload CSS for https://sally.example/assets/dialog.css',
  ])('that is a part of a page that does not arrive says to look at network and server: %s', (message) => {
    const facts = factsOf(new TypeError(message));
    expect(facts.message).toBe('A part of this page did not come from the server.');
    expect(facts.hint).toContain('that the server runs');
  });
});

test.each([
  [-10_000, 'just now'],
  [-60_000, '1 minute ago'],
  [-3_540_000, '59 minutes ago'],
  [-3_600_000, '1 hour ago'],
  [-86_400_000, 'yesterday'],
  [-5 * 86_400_000, '5 days ago'],
  [20_000, 'in a moment'],
  [7_200_000, 'in 2 hours'],
  [-40 * 86_400_000, '2026-09-14'],
])('a time %i ms away is said as %s', (distanceMs, said) => {
  const nowMs = Date.UTC(2026, 9, 24, 12);
  expect(sayTime(nowMs + distanceMs, nowMs)).toBe(said);
});

test('sizes and counts are said as people say them', () => {
  expect([1, 1023, 1024, 3500, 1_048_576, 17_825_792, 5e9].map(sayBytes)).toEqual([
    '1 byte',
    '1023 bytes',
    '1.0 KiB',
    '3.4 KiB',
    '1.0 MiB',
    '17 MiB',
    '4.7 GiB',
  ]);
  expect([sayCount(1, 'secret'), sayCount(100_000, 'secret'), sayCount(2, 'entry', 'entries')]).toEqual([
    '1 secret',
    '100,000 secrets',
    '2 entries',
  ]);
});

test('a password is judged by its length in characters', () => {
  expect(judgePassword('')).toBe('Choose a password.');
  expect(judgePassword('eleven char')).toBe('It is too short: 1 more character.');
  expect(judgePassword('🔑'.repeat(11))).toBe('It is too short: 1 more character.');
  expect(judgePassword('🔑'.repeat(12))).toBeNull();
  expect(judgePassword('x'.repeat(1025))).toBe('It has more than 1,024 characters.');
});

describe('the first steps', () => {
  const states = (facts: Parameters<typeof stepsOf>[0]): string[] => stepsOf(facts).map(({ state }) => state);

  test('are unknown until the server said, open while something is missing, and done', () => {
    expect(states({ delegates: undefined, secretsManagers: undefined, hasSecret: undefined })).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ]);
    expect(states({ delegates: [], secretsManagers: [], hasSecret: false })).toEqual([
      'open',
      'open',
      'open',
    ]);
    const delegates = [{ name: 'vpc-1', state: 'connected' as const }];
    const secretsManagers = [{ name: 'ring', isDefault: true }];
    expect(states({ delegates, secretsManagers, hasSecret: true })).toEqual(['done', 'done', 'done']);
  });

  test('say why a delegate does not count', () => {
    const factOf = (state: 'waiting-for-approval' | 'disconnected'): string | undefined =>
      stepsOf({ delegates: [{ name: 'vpc-1', state }], secretsManagers: [], hasSecret: false })[0]?.fact;
    expect(factOf('waiting-for-approval')).toContain('waits for approval');
    expect(factOf('disconnected')).toBe('No delegate is connected at the moment.');
  });
});
