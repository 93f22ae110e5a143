// Executes `preflight`: tries settings that are about to be saved, or are being tested. What fails is in the report.
import type { TaskOf, TaskResultOf } from '@sallyport/protocol';
import { checkAccess } from '../key-providers/check-access.ts';
import { isAccessWithdrawn } from '../key-providers/data-keys.ts';
import type { TaskRun } from './task-services.ts';
import { fromWireError } from '@sallyport/protocol';

/**
 * @throws {delegate-refused} when the guard file does not allow these settings, or the key behind their alias
 * @throws what `checkAccess` throws
 */
export async function executePreflight(
  task: TaskOf<'preflight'>,
  run: TaskRun,
): Promise<TaskResultOf<'preflight'>> {
  const { guard, managers, cache } = run.services;
  const { secretsManagerId, access } = task;
  checkAccess(access);
  guard.requireSettings(access.settings);
  const use = { secretsManagerId, access };
  const report = await managers.sourceOf(access).preflight({
    ...use,
    signal: run.signal,
    onStep: (step) => run.progress([step]),
  });
  const isWithdrawn = report.stages.some(({ error }) => error && isAccessWithdrawn(fromWireError(error)));
  // A probe of the very settings in use has found that they no longer work: nothing unwrapped with them may be used further.
  if (isWithdrawn && managers.isCurrent(use)) cache.flush(secretsManagerId);
  if (report.pinnedKeyArn !== null) guard.requireKeyArn(report.pinnedKeyArn);
  return { kind: 'preflight', report };
}
