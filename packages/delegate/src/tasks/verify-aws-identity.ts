// Executes `verify-aws-identity`: asks STS who signed the request of a workload. Neither the workload nor the server decides where that
// request goes: everything in it is held against the one form that it may have before anything is sent.
import type { TaskOf, TaskResultOf } from '@sallyport/protocol';
import type { TaskRun } from './task-services.ts';

/**
 * @throws {delegate-refused} when the guard file does not allow it
 * @throws {workload-refused} when the request is not what it has to be, or STS does not accept it
 * @throws {aws-unreachable} {aws-throttled} {aws-failed}
 */
export async function executeVerifyAwsIdentity(
  task: TaskOf<'verify-aws-identity'>,
  run: TaskRun,
): Promise<TaskResultOf<'verify-aws-identity'>> {
  const { guard, identities } = run.services;
  const regions = guard.requireStsRegions();
  const { request, audience } = task;
  const identity = await identities.verifyIdentity(request, { audience, regions, signal: run.signal });
  return { kind: 'verify-aws-identity', ...identity };
}
