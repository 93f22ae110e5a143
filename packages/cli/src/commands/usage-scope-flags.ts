// Usage scopes on the command line: flags, and how a scope is printed.
import type { RegionInput, UsageScopeInput, UsageScopeView } from '@sallyport/protocol';
import type { FlagSpec } from '../command-line/command.ts';
import type { FlagValues } from '../command-line/flag-values.ts';
import { usageError } from '../command-line/usage-error.ts';
import { parseRegionRow, printRegion } from '../input/parse-region.ts';

/** For commands that give a secret its scope. */
export const USAGE_SCOPE_FLAGS = {
  scope: {
    kind: 'text',
    value: 'PLACES',
    repeatable: true,
    summary: 'Where it may be used, such as shop/production or */non-production; may be repeated',
  },
  inherit: { kind: 'switch', summary: 'It may be used wherever its secrets manager may' },
  account: { kind: 'switch', summary: 'It is used in no application, but for the account as a whole' },
  'no-scope': { kind: 'switch', summary: 'May be used nowhere' },
} as const satisfies Record<string, FlagSpec>;

/** The scope that the flags give; null: none. @throws {invalid-request} when they contradict each other */
export function usageScopeOf(flags: FlagValues): UsageScopeInput | null {
  const given = Object.keys(USAGE_SCOPE_FLAGS).filter((name) => flags.has(name));
  if (given.length > 1) {
    throw usageError(
      `Give one of ${given.map((name) => `--${name}`).join(', ')}: they contradict each other.`,
    );
  }
  if (flags.has('scope')) {
    return { type: 'rows', rows: flags.list('scope').map((text) => parseRegionRow(text, 'scope')) };
  }
  if (flags.has('no-scope')) return { type: 'rows', rows: [] };
  if (flags.has('inherit')) return { type: 'inherit' };
  return flags.has('account') ? { type: 'account' } : null;
}

/** The scope of a secrets manager; nothing when no flag gives one. @throws {invalid-request} */
export function managerScopeOf(flags: FlagValues): { usageScope?: RegionInput } {
  if (flags.has('scope') && flags.has('no-scope')) {
    throw usageError('Give either --scope or --no-scope, not both.');
  }
  if (flags.has('no-scope')) return { usageScope: [] };
  if (!flags.has('scope')) return {};
  return { usageScope: flags.list('scope').map((text) => parseRegionRow(text, 'scope')) };
}

/** In one line, as `--scope` takes it. */
export function printUsageScope(scope: UsageScopeView): string {
  if (scope.type === 'inherit') return 'inherits';
  if (scope.type === 'account') return 'account';
  return printRegion(scope.rows).join(' ') || 'nowhere';
}
