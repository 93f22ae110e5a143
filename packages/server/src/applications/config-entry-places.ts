// Where config entries count, and whether their secrets may be used there.
import { isUsableAt } from '@sallyport/core';
import type { EffectiveScope } from '@sallyport/core';
import type { EnvironmentRow } from './application-store.ts';
import type { ConfigEntryRow } from './config-entry-store.ts';

type EntryKey = Pick<ConfigEntryRow, 'kind' | 'name' | 'environmentId'>;

/**
 * The environments in which an entry counts: its own, or all that have no entry of their own of its kind and name.
 * @param siblings all entries of the same service; it may be among them
 * @param environments all of the application
 */
export function environmentsWhereItCounts(
  entry: EntryKey,
  siblings: readonly EntryKey[],
  environments: readonly EnvironmentRow[],
): EnvironmentRow[] {
  if (entry.environmentId !== null) return environments.filter(({ id }) => id === entry.environmentId);
  const own = new Set(
    siblings
      .filter(({ kind, name }) => kind === entry.kind && name === entry.name)
      .map((one) => one.environmentId),
  );
  return environments.filter(({ id }) => !own.has(id));
}

/** Those of the environments in which a secret of this scope may not be used. */
export function unusableIn(scope: EffectiveScope, environments: readonly EnvironmentRow[]): EnvironmentRow[] {
  return environments.filter(
    ({ id, applicationId, type }) =>
      !isUsableAt(scope, { applicationId, environmentId: id, environmentType: type }),
  );
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const PATH_SEGMENT = /^(?!\.{1,2}$)[^\p{C}/\\]+$/u;

/**
 * What is wrong with the name of an entry; null: nothing. A file's name is a path that cannot lead out of the folder it is put into.
 */
export function problemOfEntryName({ kind, name }: Pick<ConfigEntryRow, 'kind' | 'name'>): string | null {
  if (kind === 'variable') {
    return VARIABLE.test(name)
      ? null
      : 'A variable has letters, digits and "_", at most 255, and does not begin with a digit.';
  }
  return name.split('/').every((segment) => PATH_SEGMENT.test(segment))
    ? null
    : 'A file is a relative path with "/" between its parts; none of them is empty, "." or "..".';
}
