// Rows of applications and environments while they are edited, and in words.
import type { RegionView } from '@sallyport/protocol';
import { describe, expect, test } from 'vitest';
import {
  draftOf,
  EVERYWHERE_ROW,
  isComplete,
  isSameDraft,
  judgeRow,
  withApplications,
} from '../src/scope-editor/region-draft.ts';
import { sayRegion, sayScope } from '../src/scope-editor/say-region.ts';
import {
  INHERITED,
  isScopeComplete,
  scopeDraftOf,
  scopeInputOf,
} from '../src/scope-editor/usage-scope-editor.tsx';

const SHOP = { id: 'app_shop', name: 'shop', deleted: false };
const GONE = { id: 'app_gone', name: 'old', deleted: true };
const PROD = { id: 'env_prod', name: 'prod', applicationName: 'shop', deleted: false };
const REGION = [
  { applications: [SHOP, GONE], environments: 'production' },
  { applications: [SHOP], environments: [PROD] },
] as unknown as RegionView;

describe('rows', () => {
  test('are edited by their ids, and are the same after a round trip', () => {
    expect(draftOf(REGION)).toEqual([
      { applications: ['app_shop', 'app_gone'], environments: 'production' },
      { applications: ['app_shop'], environments: ['env_prod'] },
    ]);
    expect(isSameDraft(draftOf(REGION), draftOf(REGION))).toBe(true);
    expect(isSameDraft(draftOf(REGION), [EVERYWHERE_ROW])).toBe(false);
  });

  test('without a choice are unfinished, beside the part that lacks it', () => {
    expect(judgeRow(EVERYWHERE_ROW)).toEqual({ applications: null, environments: null });
    expect(judgeRow({ applications: [], environments: 'all' }).applications).toMatch(/application/);
    expect(judgeRow({ applications: ['app_shop'], environments: [] }).environments).toMatch(/environment/);
    expect(isComplete([{ applications: [], environments: 'all' }])).toBe(false);
    expect(isComplete([])).toBe(true);
  });

  test('lose the environments of an application that is taken out, and all of them with all applications', () => {
    const row = {
      applications: ['app_shop', 'app_blog'],
      environments: ['env_prod', 'env_blog', 'env_unknown'],
    };
    const owner = (id: string) => ({ env_prod: 'app_shop', env_blog: 'app_blog' })[id] ?? null;
    expect(withApplications(row, ['app_shop'], owner).environments).toEqual(['env_prod', 'env_unknown']);
    expect(withApplications(row, 'all', owner)).toEqual({ applications: 'all', environments: 'all' });
    const byType = { applications: 'all' as const, environments: 'production' as const };
    expect(withApplications(byType, ['app_shop'], owner).environments).toBe('production');
  });
});

describe('words', () => {
  test('say where a region is', () => {
    expect(sayRegion([])).toBe('Nowhere');
    expect(sayRegion([{ applications: 'all', environments: 'all' }])).toBe('Everywhere');
    expect(sayRegion(REGION)).toBe('shop, old (deleted) · production environments; shop / prod');
  });

  test('say what a scope is, also where names may not be known', () => {
    expect(sayScope({ type: 'inherit' })).toBe('As its secrets manager');
    expect(sayScope({ type: 'account' })).toBe('Account only');
    const hidden = { type: 'rows', rows: [{ applications: [{ ...SHOP, name: null }], environments: 'all' }] };
    expect(sayScope(hidden as unknown as Parameters<typeof sayScope>[0])).toMatch(/may not see/);
  });
});

describe('a usage scope', () => {
  test('keeps its rows while another type is tried, and sends them only with their own', () => {
    const draft = scopeDraftOf({ type: 'rows', rows: REGION });
    expect(scopeInputOf(draft)).toEqual({ type: 'rows', rows: draftOf(REGION) });
    expect(scopeInputOf({ ...draft, type: 'inherit' })).toEqual({ type: 'inherit' });
    expect(scopeInputOf(INHERITED)).toEqual({ type: 'inherit' });
  });

  test('is complete when its rows are, or when it has none', () => {
    expect(isScopeComplete({ type: 'rows', rows: [{ applications: [], environments: 'all' }] })).toBe(false);
    expect(isScopeComplete({ type: 'account', rows: [{ applications: [], environments: 'all' }] })).toBe(
      true,
    );
  });
});
