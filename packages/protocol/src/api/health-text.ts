// The health of a secrets manager in words, the same in the browser and on the command line. Without schemas, so that a client need not load
// those; how old it is, each of them says in its own way.
import type { DelegateHealth, ManagerHealth } from './manager-health.ts';

/** E.g. `Healthy on 2 of 2 delegates`, `Failing on build-1: missing kms:Decrypt`, `Not tested yet`. */
export function sayHealth(health: ManagerHealth): string {
  const { state, passed, tested, delegates } = health;
  const [first] = delegates;
  if (state === 'untested' || first === undefined) return 'Not tested yet';
  if (state === 'outdated') return 'Not tested since its settings changed';
  if (state === 'healthy')
    return `Healthy on ${tested === 1 ? first.delegateName : `${passed} of ${tested} delegates`}`;
  const others = tested - passed - 1;
  const where = others === 0 ? first.delegateName : `${first.delegateName} and ${others} more`;
  return `Failing on ${where}: ${first.failure}`;
}

/** E.g. `84 ms`, of several delegates `up to 84 ms`; null: there is nothing that was measured. */
export function sayHealthLatency({ state, elapsedMs, passed }: ManagerHealth): string | null {
  if (elapsedMs === null || state === 'untested' || state === 'outdated') return null;
  return `${passed === 1 ? '' : 'up to '}${sayMilliseconds(elapsedMs)}`;
}

/** One delegate's part: `works, 84 ms`, `fails: missing kms:Decrypt`, with what there is to add. */
export function sayDelegateHealth({
  ok,
  elapsedMs,
  failure,
  warningCount,
  isOutdated,
}: DelegateHealth): string {
  const took = elapsedMs === null ? '' : `, ${sayMilliseconds(elapsedMs)}`;
  const warnings =
    warningCount === 0 ? '' : `, ${warningCount} ${warningCount === 1 ? 'warning' : 'warnings'}`;
  return `${ok ? `works${took}` : `fails: ${failure}`}${warnings}${isOutdated ? ', before its settings changed' : ''}`;
}

function sayMilliseconds(milliseconds: number): string {
  return `${milliseconds.toLocaleString('en')} ms`;
}
