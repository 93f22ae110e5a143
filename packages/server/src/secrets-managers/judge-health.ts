// The health of secrets managers: the kept tests, judged together. Only delegates that could still be chosen count: what one found that has
// lost the selectors, or its approval, says nothing about reads of today.
import type { DelegateId } from '@sallyport/core';
import { HEALTH_DELEGATES_MAX } from '@sallyport/protocol';
import type { DelegateHealth, ManagerHealth, ManagerTestList } from '@sallyport/protocol';
import { couldWork } from '../fleet/eligibility.ts';
import type { DelegateStanding } from '../fleet/eligibility.ts';
import type { Services } from '../services.ts';
import type { ManagerTestRow } from './manager-test-store.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

type HealthServices = Pick<Services, 'store' | 'fleet'>;
type Judged = Pick<SecretsManagerRow, 'id' | 'settings' | 'settingsRevision'>;

/** By secrets manager, however many there are, with one query for all of their tests. */
export async function healthOfAll(
  managers: readonly Judged[],
  services: HealthServices,
): Promise<(manager: Judged) => ManagerHealth> {
  const [rows, standings] = await readTests(null, services);
  const byManager = Map.groupBy(rows, ({ secretsManagerId }) => secretsManagerId);
  const all = new Map(
    managers.map((one) => [one.id, judge(rank(one, byManager.get(one.id) ?? [], standings))]),
  );
  return ({ id }) => all.get(id) ?? judge([]);
}

export async function healthOf(manager: Judged, services: HealthServices): Promise<ManagerHealth> {
  const [rows, standings] = await readTests(manager.id, services);
  return judge(rank(manager, rows, standings));
}

/** With what each delegate found. */
export async function testsOf(manager: Judged, services: HealthServices): Promise<ManagerTestList> {
  const [rows, standings] = await readTests(manager.id, services);
  const found = await services.store.read(async ({ managerTests }) => managerTests.listFindings(manager.id));
  const byDelegate = new Map(found.map(({ delegateId, findings }) => [delegateId, findings]));
  const ranked = rank(manager, rows, standings);
  const tests = ranked.map(({ delegateId, delegateName, atMs, elapsedMs, isOutdated }) => ({
    ...(byDelegate.get(delegateId) ?? { report: null }),
    delegateId,
    delegateName,
    atMs,
    elapsedMs,
    isOutdated,
  }));
  return { health: judge(ranked), tests };
}

async function readTests(
  id: Judged['id'] | null,
  { store, fleet }: HealthServices,
): Promise<[ManagerTestRow[], ReadonlyMap<DelegateId, DelegateStanding>]> {
  const rows = await store.read(async ({ managerTests }) => managerTests.list(id));
  if (rows.length === 0) return [rows, new Map()];
  return [rows, new Map((await fleet.standings()).map((one) => [one.id, one]))];
}

/** Results that count first, failures first among them, then the newest. */
function rank(
  { settings, settingsRevision }: Judged,
  rows: readonly ManagerTestRow[],
  standings: ReadonlyMap<DelegateId, DelegateStanding>,
): DelegateHealth[] {
  const shown = rows.flatMap((row): DelegateHealth[] => {
    const delegate = standings.get(row.delegateId);
    if (delegate === undefined || !couldWork(delegate, settings)) return [];
    const { delegateId, ok, atMs, elapsedMs, failure, warningCount } = row;
    const isOutdated = row.settingsRevision !== settingsRevision;
    return [
      { delegateId, delegateName: delegate.name, ok, atMs, elapsedMs, isOutdated, failure, warningCount },
    ];
  });
  return shown.sort(
    (a, b) =>
      Number(a.isOutdated) - Number(b.isOutdated) ||
      Number(a.ok) - Number(b.ok) ||
      b.atMs - a.atMs ||
      a.delegateName.localeCompare(b.delegateName, 'en'),
  );
}

function judge(ranked: readonly DelegateHealth[]): ManagerHealth {
  const current = ranked.filter(({ isOutdated }) => !isOutdated);
  const counted = current.length > 0 ? current : ranked;
  const passed = counted.filter(({ ok }) => ok);
  const decisive = passed.length === counted.length ? passed : counted.filter(({ ok }) => !ok);
  return {
    state: stateOf({ current: current.length, counted: counted.length, passed: passed.length }),
    atMs: counted.length === 0 ? null : Math.max(...decisive.map(({ atMs }) => atMs)),
    passed: passed.length,
    tested: counted.length,
    elapsedMs: passed.length === 0 ? null : Math.max(...passed.map(({ elapsedMs }) => elapsedMs ?? 0)),
    delegates: ranked.slice(0, HEALTH_DELEGATES_MAX),
  };
}

function stateOf(count: { current: number; counted: number; passed: number }): ManagerHealth['state'] {
  if (count.counted === 0) return 'untested';
  if (count.current === 0) return 'outdated';
  if (count.passed === count.counted) return 'healthy';
  return count.passed === 0 ? 'failing' : 'degraded';
}
