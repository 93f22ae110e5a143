// What all scripts share, whoever asks for them: opens the secrets that a script refers to, fills in their values, says that it is ready,
// and, when it is told to, runs the script and answers with its masked output while it runs.
import { basename } from 'node:path';
import { AppError } from '@sallyport/core';
import type { ScriptTemplate } from '@sallyport/core';
import { copyMasked, createMasker, explainProblem, isMasked } from '@sallyport/masking';
import type { MaskingReport } from '@sallyport/masking';
import type { ScriptEnd, ScriptStream, SealedScriptEvent } from '@sallyport/protocol';
import type { Guard } from '../guard/guard.ts';
import type { ScriptInLog } from '../scripts/running-scripts.ts';
import { mapBounded } from './bounded-parallel.ts';
import { openItem } from './open-item.ts';
import type { ItemToOpen } from './open-item.ts';
import type { ScriptAnswer } from './script-answer.ts';
import type { TaskRun } from './task-services.ts';

const PARALLEL_ITEMS = 16;
const SHELLS: ReadonlySet<string> = new Set(['bash', 'sh', 'dash', 'ash', 'ksh', 'zsh']);

export type ScriptToFill = {
  template: ScriptTemplate;
  /** The secrets that it refers to, all of them and no others. */
  items: readonly ItemToOpen[];
  arguments: readonly string[];
  /** As the guard file has judged it. */
  allowed: ReturnType<Guard['requireScript']>;
  about: ScriptInLog;
  /** Called when it may start, before it does; what it throws keeps it from starting. */
  beforeStart?: () => Promise<void>;
  /** Told of the masked output before it is sent. */
  onOutput?: (stream: ScriptStream, bytes: Uint8Array) => void;
};

/**
 * @throws {rate-limited}, what opening the secrets throws, and the signal's reason. No process of the script is left when it throws after
 * the start, except what `RunningScripts` still ends.
 */
export async function runFilled(
  script: ScriptToFill,
  answer: ScriptAnswer,
  run: TaskRun,
): Promise<ScriptEnd> {
  const { template, items, allowed } = script;
  if (template.references.length > 0) requireShell(allowed.interpreter);
  const { scripts, time } = run.services;
  const values = await openAll(items, run);
  try {
    const text = Buffer.from(template.render(values));
    const masker = createMasker({ values: [...values].map(([name, value]) => ({ name, value })) });
    await answer.ready({ secrets: items.map(factsOf), unmasked: masker.report.flatMap(unmaskedOf) });
    await answer.started();
    await script.beforeStart?.();
    const write = async (stream: ScriptStream, bytes: Uint8Array): Promise<void> => {
      script.onOutput?.(stream, bytes);
      await answer.output(stream, bytes);
    };
    const ended = await scripts.run(
      { ...allowed, text, arguments: script.arguments },
      {
        time,
        signal: run.signal,
        takeOutput: async (stream, source) =>
          copyMasked({ masker, source, write: async (bytes) => write(stream, bytes) }),
        about: script.about,
      },
    );
    const end: ScriptEnd = { ...ended, outputBytes: answer.outputBytes };
    await answer.ended(end);
    return end;
  } finally {
    answer.stop();
    for (const value of values.values()) value.fill(0);
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

function factsOf(item: ItemToOpen): Ready['secrets'][number] {
  const { reference, secretId, name, version } = item;
  return { reference, secretId, name, version };
}

function unmaskedOf({ name, problem }: MaskingReport): Ready['unmasked'] {
  return isMasked(problem) ? [] : [{ reference: name, why: explainProblem(problem) }];
}

/** By reference. */
async function openAll(items: readonly ItemToOpen[], run: TaskRun): Promise<Map<string, Buffer>> {
  const values = await mapBounded(items, PARALLEL_ITEMS, (item) => openItem(item, run));
  return new Map(items.map(({ reference }, index) => [reference, values[index] as Buffer]));
}
