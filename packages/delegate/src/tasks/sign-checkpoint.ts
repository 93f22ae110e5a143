// Executes `sign-checkpoint`: has the delegate's book sign a head of the server's audit trail. A refusal is a result like any other.
import type { TaskOf, TaskResultOf } from '@sallyport/protocol';
import type { TaskRun } from './task-services.ts';

/** @throws as `CheckpointBook.sign` */
export async function executeSignCheckpoint(
  task: TaskOf<'sign-checkpoint'>,
  run: TaskRun,
): Promise<TaskResultOf<'sign-checkpoint'>> {
  return { kind: 'sign-checkpoint', outcome: await run.services.checkpoints.sign(task) };
}
