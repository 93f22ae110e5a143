// Where a new secret may be used, while somebody chooses it, and what that comes to in a request.
import type { UsageScopeInput } from '@sallyport/protocol';
import { EVERYWHERE_ROW, isComplete } from '../scope-editor/region-draft.ts';
import type { DraftRow } from '../scope-editor/region-draft.ts';
import type { ChosenPlace } from './place-picker.tsx';

/** What was chosen of each kind stays while another is tried. */
export type Where = {
  kind: 'place' | 'inherit' | 'rows' | 'account';
  place: ChosenPlace;
  rows: DraftRow[];
};

/** How a form begins: with the place that its address names, else as the secrets manager. */
export function whereOf({ application, environment }: { application?: string; environment?: string }): Where {
  return {
    kind: application === undefined ? 'inherit' : 'place',
    place: { application: application ?? null, environment: environment ?? null },
    rows: [EVERYWHERE_ROW],
  };
}

export function isWhereComplete({ kind, place, rows }: Where): boolean {
  if (kind === 'place') return place.application !== null && place.environment !== null;
  return kind !== 'rows' || isComplete(rows);
}

export function placeComplaints({ application, environment }: ChosenPlace): {
  application: string | null;
  environment: string | null;
} {
  return {
    application: application === null ? 'Choose an application.' : null,
    environment: application !== null && environment === null ? 'Choose an environment.' : null,
  };
}

/** The usage scope that it comes to; null while there is none yet. */
export function scopeOfWhere({ kind, place, rows }: Where): UsageScopeInput | null {
  if (kind === 'rows') return { type: 'rows', rows };
  if (kind !== 'place') return { type: kind };
  const { application, environment } = place;
  if (application === null || environment === null) return null;
  return { type: 'rows', rows: [{ applications: [application], environments: [environment] }] };
}

/**
 * What a new secret is written as. A name may stand for different secrets at different places, so it is written with a place of its scope
 * where there is one to name.
 */
export function newReference(name: string, where: Where): string {
  const place = where.kind === 'place' ? where.place : where.kind === 'rows' ? firstPlace(where.rows) : null;
  if (place === null || place.application === null || place.environment === null) return name;
  const parts = [place.application, place.environment, name].map(encodeURIComponent);
  return `sally://${parts.join('/')}`;
}

function firstPlace(rows: readonly DraftRow[]): ChosenPlace | null {
  for (const { applications, environments } of rows) {
    // Only of a single application it is known that the environment is one of it.
    if (applications === 'all' || applications.length !== 1 || typeof environments === 'string') continue;
    return { application: applications[0] ?? null, environment: environments[0] ?? null };
  }
  return null;
}
