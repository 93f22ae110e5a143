// Executes `run-script`: opens the sealed script and the secrets that it refers to, fills in their values, runs it, and answers with its
// masked output, sealed, while it runs. The server reads neither; it decides which secrets the script gets, and records that before it starts.
import { basename } from 'node:path';
import { AppError, isAppError, ScriptTemplate } from '@sallyport/core';
import type { MaskingReport } from '@sallyport/masking';
import type { ScriptEnd, SealedScript, SealedScriptEvent, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { copyMasked, createMasker, explainProblem, isMasked } from '@sallyport/masking';
import { mapBounded } from './bounded-parallel.ts';
import { requireSameItems, requireSameScript } from './compare-request.ts';
import { openItem } from './open-item.ts';
import { malformed, readScriptContent } from './read-sealed.ts';
import { ScriptAnswer } from './script-answer.ts';
import type { TaskRun } from './task-services.ts';

const PARALLEL_ITEMS = 16;
const SHELLS: ReadonlySet<string> = new Set(['bash', 'sh', 'dash', 'ash', 'ksh', 'zsh']);

/**
 * @throws {session-unknown} {sealed-message-rejected} {delegate-refused} {rate-limited}, what opening the secrets throws, and the signal's
 * reason. No process of the script is left when it throws after the start, except what `RunningScripts` still ends.
 */
export async function executeRunScript(
  task: TaskOf<'run-script'>,
  run: TaskRun,
): Promise<TaskResultOf<'run-script'>> {
  const { sessions, guard, time } = run.services;
  const opened = sessions.openRequest({ requestId: task.requestId, operation: 'run-script' }, task.sealed);
  const { header, text } = readScriptContent(opened.content);
  requireSameScript({ facts: header.facts, text }, task.script);
  const { rules, interpreter, maxSeconds } = guard.requireScript(header);
  const template = templateOf(text, header);
  if (template.references.length > 0) requireShell(interpreter);
  requireSameItems(template.references, {
    answered: task.items.map(({ reference }) => reference),
    unresolved: [],
  });
  const values = await openAll(task, run);
  const answer = new ScriptAnswer({ sealer: opened, stream: run.stream, time });
  try {
    const script = Buffer.from(template.render(values));
    const masker = createMasker({ values: [...values].map(([name, value]) => ({ name, value })) });
    await answer.ready({ secrets: task.items.map(factsOf), unmasked: masker.report.flatMap(unmaskedOf) });
    await answer.started();
    const ended = await run.services.scripts.run(
      { text: script, interpreter, arguments: header.arguments, maxSeconds, rules },
      {
        time,
        signal: run.signal,
        takeOutput: async (stream, source) =>
          copyMasked({ masker, source, write: async (bytes) => answer.output(stream, bytes) }),
        about: { name: header.facts.name, sha256: header.facts.sha256, requestId: task.requestId },
      },
    );
    const end: ScriptEnd = { ...ended, outputBytes: answer.outputBytes };
    await answer.ended(end);
    return { kind: 'run-script', end };
  } finally {
    answer.stop();
    for (const value of values.values()) value.fill(0);
  }
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

/** Values are filled in as shell variables, which other programs know nothing of. @throws {invalid-request} */
function requireShell(interpreter: string): void {
  if (SHELLS.has(basename(interpreter))) return;
  throw new AppError('invalid-request', {
    publicMessage: `Secrets are filled in scripts for shells only, not for ${basename(interpreter)}. Call it from a shell script, and hand it the value by its standard input.`,
  });
}

type Ready = Extract<SealedScriptEvent, { is: 'ready' }>;

function factsOf(item: TaskOf<'run-script'>['items'][number]): Ready['secrets'][number] {
  const { reference, secretId, name, version } = item;
  return { reference, secretId, name, version };
}

function unmaskedOf({ name, problem }: MaskingReport): Ready['unmasked'] {
  return isMasked(problem) ? [] : [{ reference: name, why: explainProblem(problem) }];
}

/** By reference. */
async function openAll(task: TaskOf<'run-script'>, run: TaskRun): Promise<Map<string, Buffer>> {
  const values = await mapBounded(task.items, PARALLEL_ITEMS, (item) => openItem(item, run));
  return new Map(task.items.map(({ reference }, index) => [reference, values[index] as Buffer]));
}
