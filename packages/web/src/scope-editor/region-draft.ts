// Rows of applications and environments while somebody edits them: how they begin, how one choice changes the other, and what is still
// missing. The form is that of requests; lists may be empty here, which the server would refuse.
import { SCOPE_LIMITS } from '@sallyport/core';
import type { EnvironmentType } from '@sallyport/core';
import type { RegionView } from '@sallyport/protocol';

export type DraftRow = {
  /** `all`, or ids. */
  applications: 'all' | string[];
  /** `all`, all of one type, or ids. */
  environments: 'all' | EnvironmentType | string[];
};

export const EVERYWHERE_ROW: DraftRow = { applications: 'all', environments: 'all' };

/** What is wrong with a row, beside which part of it; `null`: nothing. */
export type RowComplaint = { applications: string | null; environments: string | null };

/** Rows to edit, of rows as the server showed them. */
export function draftOf(region: RegionView): DraftRow[] {
  return region.map(({ applications, environments }) => ({
    applications: applications === 'all' ? 'all' : applications.map(({ id }) => id),
    environments: typeof environments === 'string' ? environments : environments.map(({ id }) => id),
  }));
}

/** The same rows, in the same order. */
export function isSameDraft(a: readonly DraftRow[], b: readonly DraftRow[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * The row with other applications. Environments of applications that it no longer has go along; where it has all, none can be chosen one
 * by one.
 * @param applicationOf which application an environment belongs to; null: not known, so it stays for the server to judge
 */
export function withApplications(
  row: DraftRow,
  applications: DraftRow['applications'],
  applicationOf: (environmentId: string) => string | null,
): DraftRow {
  if (!Array.isArray(row.environments)) return { ...row, applications };
  if (applications === 'all') return { applications, environments: 'all' };
  const environments = row.environments.filter((id) => {
    const application = applicationOf(id);
    return application === null || applications.includes(application);
  });
  return { applications, environments };
}

/** What keeps the row from being sent. */
export function judgeRow({ applications, environments }: DraftRow): RowComplaint {
  return {
    applications: applications === 'all' ? null : judgeList(applications, 'application'),
    environments: typeof environments === 'string' ? null : judgeList(environments, 'environment'),
  };
}

/** Whether all rows can be sent. No rows: yes, they mean nowhere. */
export function isComplete(rows: readonly DraftRow[]): boolean {
  return (
    rows.length <= SCOPE_LIMITS.rows &&
    rows.map(judgeRow).every((row) => row.applications === null && row.environments === null)
  );
}

function judgeList(ids: readonly string[], what: string): string | null {
  if (ids.length === 0) return `Choose at least one ${what}.`;
  return ids.length > SCOPE_LIMITS.idsPerRow
    ? `At most ${SCOPE_LIMITS.idsPerRow} ${what}s fit into one row.`
    : null;
}
