// Leads each kind of task to its executor.
import type { Task, TaskResult } from '@sallyport/protocol';
import { executeDownload } from './download.ts';
import { executeOpenDataKeys } from './open-data-keys.ts';
import { executePreflight } from './preflight.ts';
import { executeResolve } from './resolve.ts';
import { executeRunProfile } from './run-profile.ts';
import { executeRunScript } from './run-script.ts';
import { executeSignCheckpoint } from './sign-checkpoint.ts';
import type { TaskRun } from './task-services.ts';
import { executeUpload } from './upload.ts';
import { executeVerifyAwsIdentity } from './verify-aws-identity.ts';
import { executeWrite } from './write.ts';

/** Does what the task asks. @throws as the executor of its kind */
export async function executeTask(task: Task, run: TaskRun): Promise<TaskResult> {
  switch (task.kind) {
    case 'write':
      return executeWrite(task, run);
    case 'upload':
      return executeUpload(task, run);
    case 'resolve':
      return executeResolve(task, run);
    case 'download':
      return executeDownload(task, run);
    case 'run-script':
      return executeRunScript(task, run);
    case 'run-profile':
      return executeRunProfile(task, run);
    case 'preflight':
      return executePreflight(task, run);
    case 'verify-aws-identity':
      return executeVerifyAwsIdentity(task, run);
    case 'sign-checkpoint':
      return executeSignCheckpoint(task, run);
    case 'open-data-keys':
      break;
  }
  return executeOpenDataKeys(task, run);
}
