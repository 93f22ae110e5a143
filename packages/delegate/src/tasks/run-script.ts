// Executes `run-script`: opens the sealed script, compares it with what the server was told, and runs it with its secrets filled in
// (run-filled.ts). The server reads neither script nor output; it decides which secrets the script gets, and records that before it starts.
import { isAppError, ScriptTemplate } from '@sallyport/core';
import type { SealedScript, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { requireSameItems, requireSameScript } from './compare-request.ts';
import { malformed, readScriptContent } from './read-sealed.ts';
import { runFilled } from './run-filled.ts';
import { ScriptAnswer } from './script-answer.ts';
import type { TaskRun } from './task-services.ts';

/**
 * @throws {session-unknown} {sealed-message-rejected} {delegate-refused}, and what `runFilled` throws
 */
export async function executeRunScript(
  task: TaskOf<'run-script'>,
  run: TaskRun,
): Promise<TaskResultOf<'run-script'>> {
  const { sessions, guard, time } = run.services;
  const opened = sessions.openRequest({ requestId: task.requestId, operation: 'run-script' }, task.sealed);
  const { header, text } = readScriptContent(opened.content);
  requireSameScript({ facts: header.facts, text }, task.script);
  const allowed = guard.requireScript(header);
  const template = templateOf(text, header);
  requireSameItems(template.references, {
    answered: task.items.map(({ reference }) => reference),
    unresolved: [],
  });
  const { name, sha256 } = header.facts;
  const end = await runFilled(
    {
      template,
      items: task.items,
      arguments: header.arguments,
      allowed,
      about: { name, sha256, requestId: task.requestId },
    },
    new ScriptAnswer({ sealer: opened, stream: run.stream, time }),
    run,
  );
  return { kind: 'run-script', end };
}

/** @throws {sealed-message-rejected} */
function templateOf(text: Buffer, { place }: SealedScript): ScriptTemplate {
  try {
    return ScriptTemplate.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text),
      place,
    );
  } catch (thrown) {
    if (isAppError(thrown) || thrown instanceof TypeError) throw malformed();
    throw thrown;
  }
}
