// Executes `run-profile`: a start-up profile, whose script comes from the server in clear. It runs as any other script does, by the same
// rules of the guard file, but each revision of a profile once at most.
import { createHash } from 'node:crypto';
import { AppError, ScriptTemplate } from '@sallyport/core';
import type { TaskOf, TaskResultOf } from '@sallyport/protocol';
import { OutputLog } from '../start-profiles/output-log.ts';
import { runFilled } from './run-filled.ts';
import { ScriptAnswer } from './script-answer.ts';
import type { TaskRun } from './task-services.ts';

/** @throws {delegate-refused} {invalid-request} {invalid-name} {config-invalid}, and what `runFilled` throws */
export async function executeRunProfile(
  task: TaskOf<'run-profile'>,
  run: TaskRun,
): Promise<TaskResultOf<'run-profile'>> {
  const { guard, profiles, scripts, time, logger } = run.services;
  const { profileId, revision, name } = task.profile;
  const { script, maxSeconds, items } = task;
  const sha256 = createHash('sha256').update(script).digest('hex');
  const allowed = guard.requireScript({ facts: { sha256, maxSeconds }, interpreter: null });
  await profiles.requireNew({ profileId, revision });
  // Before it counts as begun: then it can be tried again.
  scripts.requireRoom(allowed.rules);
  const template = ScriptTemplate.parse(script, null);
  requireItems(template, items);
  const about = { name, sha256, profileId, revision: String(revision) };
  const log = new OutputLog(logger, about);
  // The server keeps the end of the output, so it is not sealed from it; the connection protects it on the way.
  const sealer = { sealAnswerChunk: (content: Uint8Array) => Buffer.from(content) };
  try {
    const end = await runFilled(
      {
        template,
        items,
        arguments: [],
        allowed,
        about,
        beforeStart: async () => profiles.begin({ profileId, revision }),
        onOutput: (stream, bytes) => log.take(stream, bytes),
      },
      new ScriptAnswer({ sealer, stream: run.stream, time }),
      run,
    );
    return { kind: 'run-profile', end };
  } finally {
    log.end();
  }
}

/** What is opened is what the script asks for, and for no place: a profile belongs to none. @throws {delegate-refused} */
function requireItems({ references }: ScriptTemplate, items: TaskOf<'run-profile'>['items']): void {
  const given = new Set(items.map(({ reference }) => reference));
  const isAllAndOnly = given.size === items.length && items.length === references.length;
  if (isAllAndOnly && references.every((one) => given.has(one)) && items.every(({ place }) => place === null))
    return;
  throw new AppError('delegate-refused', {
    publicMessage: 'The secrets that the server sent are not those that the script of the profile refers to.',
  });
}
