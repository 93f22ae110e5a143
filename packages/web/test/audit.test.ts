// What the pages of the audit trail compute by themselves: filters in addresses, words, and the file of an export.
import { describe, expect, test } from 'vitest';
import { AUDIT_ACTIONS } from '@sallyport/protocol/audit-actions';
import {
  fieldTimeOf,
  filterIn,
  isNarrow,
  queryOf,
  timeInField,
  withFields,
} from '../src/audit/audit-filter.ts';
import { isRefusal, sayAction } from '../src/audit/audit-words.ts';
import { exportTrail } from '../src/audit/export-trail.ts';

describe('actions', () => {
  test.each([
    ['api-key.created', 'API key created'],
    ['secrets-manager.made-default', 'Secrets manager made default'],
    ['user.totp-enabled', 'User second factor enabled'],
    ['user.sign-in-failed', 'User sign-in failed'],
    ['sso.configured', 'Single sign-on configured'],
  ])('%s is said %s', (action, words) => {
    expect(sayAction(action)).toBe(words);
  });

  test('those that were refused or failed stand out', () => {
    expect(AUDIT_ACTIONS.filter(isRefusal)).toEqual([
      'secret.refused',
      'script.refused',
      'delegate-profile.refused',
      'user.sign-in-failed',
      'sso.failed',
      'workload.refused',
      'audit.checkpoint-refused',
    ]);
  });
});

describe('filters', () => {
  test('an address gives back what it was made of, and nothing else', () => {
    const filter = { from: 5, until: 9, principal: 'ada', actions: 'user.created,user.removed', live: true };
    expect(filterIn({ ...filter, cursor: 'x' })).toEqual(filter);
    expect(queryOf(filter)).toEqual({
      fromMs: 5,
      untilMs: 9,
      principal: 'ada',
      action: 'user.created,user.removed',
    });
  });

  test('the record that an address opens narrows nothing', () => {
    expect(filterIn({ record: 42 })).toEqual({ record: 42 });
    expect(isNarrow({ record: 42 })).toBe(false);
    expect(queryOf({ record: 42 })).toEqual({});
  });

  test.each([
    ['a record that is none', { record: 0 }],
    ['a time that is none', { from: 'yesterday' }],
    ['a time before all', { until: -1 }],
    ['a time beyond all', { from: 8_640_000_000_000_001 }],
    ['a list', { principal: ['ada'] }],
    ['an empty text', { resource: '' }],
    ['a live that is a word', { live: 'yes' }],
  ])('%s is left out', (_, search) => {
    expect(filterIn(search)).toEqual({});
  });

  test('a name of digits, which an address makes a number, stays a name', () => {
    expect(filterIn({ principal: 42 })).toEqual({ principal: '42' });
  });

  test('a field that is emptied narrows nothing any more', () => {
    const filter = withFields({ principal: 'ada', live: true }, { principal: '' });
    expect(filter).toEqual({ live: true });
    expect(isNarrow(filter)).toBe(false);
  });

  test('times survive their field, to the minute', () => {
    const atMs = Date.UTC(2026, 10, 25, 12, 34);
    expect(timeInField(fieldTimeOf(atMs))).toBe(atMs);
    expect(fieldTimeOf(undefined)).toBe('');
    expect(timeInField('')).toBeUndefined();
  });
});

describe('exports', () => {
  const hash = '0'.repeat(64);
  const page = (sequences: number[], complete: boolean): unknown => ({
    accountId: 'acc_1',
    floor: { sequence: 0, hash },
    head: { sequence: 3, hash },
    records: sequences.map((sequence) => ({ sequence })),
    checkpoints: sequences.includes(3) ? [{ number: 1, sequence: 2 }] : [],
    delegates: [],
    complete,
  });

  test('pages are put together in their order, after one header', async () => {
    const asked: unknown[] = [];
    const pages = [page([1, 2], false), page([3], true)];
    const call = async (_: string, { query }: { query: unknown }): Promise<unknown> => {
      asked.push(query);
      return pages.shift();
    };
    const progress: unknown[] = [];
    const blob = await exportTrail(
      { call: call as never },
      {
        onProgress: (seen) => progress.push(seen),
        signal: new AbortController().signal,
      },
    );
    const lines = (await blob.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; sequence?: number });
    expect(lines.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['header', undefined],
      ['record', 1],
      ['record', 2],
      ['record', 3],
      ['checkpoint', 2],
    ]);
    expect(asked).toEqual([
      { after: 0, checkpointsAfter: 0 },
      { after: 2, checkpointsAfter: 0 },
    ]);
    expect(progress).toEqual([
      { records: 2, of: 3 },
      { records: 3, of: 3 },
    ]);
  });

  test('a server that leads nowhere is not asked for ever', async () => {
    const call = async (): Promise<unknown> => page([], false);
    const outcome = exportTrail(
      { call: call as never },
      {
        onProgress: () => undefined,
        signal: new AbortController().signal,
      },
    );
    await expect(outcome).rejects.toMatchObject({ code: 'protocol-version-unsupported' });
  });
});
