// Runs one script from start to end: gives it its text, passes its output on no faster than it is taken, and sees to it that nothing of it
// is left afterwards, however it ended.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { ScriptEnd, ScriptStream } from '@sallyport/protocol';
import type { ScriptRules } from '../guard/guard-file.ts';
import type { Time } from '../time/time.ts';
import { launch } from './launch.ts';
import type { LaunchedProcess } from './launch.ts';
import { makeScriptFolder, removeScriptFolder } from './script-folder.ts';
import { RUN_VARIABLE, ScriptProcesses, SYSTEM_PATH } from './script-processes.ts';

/**
 * After its end, so long something that it left in the background may still write to the output. What even then holds the output open and
 * is silent for as long is not waited for.
 */
const LAST_WORDS_MS = 500;

export type ScriptToRun = {
  /** With values in it; overwritten once the process has it. */
  text: Buffer;
  interpreter: string;
  arguments: readonly string[];
  maxSeconds: number;
  rules: ScriptRules;
};

/** Takes all of one output, no faster than it likes; resolves when there is no more. */
export type TakeOutput = (stream: ScriptStream, source: AsyncIterable<Uint8Array>) => Promise<void>;

export type ProcessEnd = Pick<ScriptEnd, 'reason' | 'exitCode' | 'signal' | 'elapsedMs'>;

/**
 * Resolves when no process of the script is left.
 * @throws the signal's reason, when that is why it ended; what `takeOutput` throws; what the system refuses the start with
 */
export async function runProcess(
  script: ScriptToRun,
  run: { time: Time; signal: AbortSignal; takeOutput: TakeOutput },
): Promise<ProcessEnd> {
  const { rules } = script;
  const folder = await makeScriptFolder(rules.user);
  try {
    run.signal.throwIfAborted();
    const mark = randomUUID();
    const launched = await launch({
      interpreter: script.interpreter,
      arguments: script.arguments,
      environment: { ...environmentIn(folder), ...rules.environment, [RUN_VARIABLE]: mark },
      folder,
      user: rules.user,
    });
    return await new RunningProcess(launched, { script, mark, folder, ...run }).toEnd();
  } finally {
    script.text.fill(0);
    await removeScriptFolder(folder);
  }
}

/** Nothing of the delegate's own environment: it may hold credentials and its token. */
function environmentIn(folder: string): Record<string, string> {
  return {
    PATH: SYSTEM_PATH,
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
  };
}

type Options = {
  script: ScriptToRun;
  mark: string;
  folder: string;
  time: Time;
  signal: AbortSignal;
  takeOutput: TakeOutput;
};

class RunningProcess {
  readonly #launched: LaunchedProcess;
  readonly #options: Options;
  readonly #processes: ScriptProcesses;
  readonly #startedAtMs: number;
  #reason: ScriptEnd['reason'] = 'exited';
  #rawBytes = 0;
  #beingTaken = 0;
  #readAtMs = 0;
  #gaveUp = false;
  #ending: Promise<void> | null = null;

  constructor(launched: LaunchedProcess, options: Options) {
    const { time, mark, folder } = options;
    this.#launched = launched;
    this.#options = options;
    this.#startedAtMs = time.monotonicMs();
    this.#processes = new ScriptProcesses({ group: launched.child.pid ?? 0, run: mark, folder, time });
  }

  async toEnd(): Promise<ProcessEnd> {
    const { time, signal, script } = this.#options;
    const { child, stdout, stderr } = this.#launched;
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const cancelLimit = time.after(script.maxSeconds * 1000, () => this.#endFor('time-limit'));
    const stop = (): void => void this.#end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const { takeOutput } = this.#options;
    const outputs = Promise.all([
      takeOutput('stdout', this.#within(stdout)),
      takeOutput('stderr', this.#within(stderr)),
    ]);
    outputs.catch(stop);
    let cancelLastWords = (): void => undefined;
    try {
      this.#launched.script.end(script.text, () => script.text.fill(0));
      const [exitCode, endSignal] = await exited;
      const elapsedMs = Math.round(time.monotonicMs() - this.#startedAtMs);
      cancelLimit();
      cancelLastWords = time.after(LAST_WORDS_MS, () => {
        void this.#end().then(() => this.#giveUpWhenSilent());
      });
      await outputs;
      signal.throwIfAborted();
      return { reason: this.#reason, exitCode, signal: endSignal, elapsedMs };
    } finally {
      cancelLimit();
      cancelLastWords();
      signal.removeEventListener('abort', stop);
      await this.#end();
      this.#giveUp();
    }
  }

  /** What is within the limit; the rest is read away. */
  async *#within(output: Readable): AsyncGenerator<Uint8Array> {
    const { script, time } = this.#options;
    try {
      for await (const read of output) {
        const bytes = read as Buffer;
        const leftBytes = script.rules.maxOutputBytes - this.#rawBytes;
        this.#rawBytes += bytes.length;
        if (bytes.length > leftBytes) this.#endFor('output-limit');
        if (leftBytes <= 0) continue;
        this.#beingTaken += 1;
        try {
          yield bytes.subarray(0, leftBytes);
        } finally {
          this.#beingTaken -= 1;
          this.#readAtMs = time.monotonicMs();
        }
      }
    } catch (thrown) {
      if (!this.#gaveUp) throw thrown;
    }
  }

  /** For a process that escaped and keeps the pipes open. */
  #giveUpWhenSilent(): void {
    const { time } = this.#options;
    if (this.#gaveUp) return;
    const isSilent = this.#beingTaken === 0 && time.monotonicMs() - this.#readAtMs >= LAST_WORDS_MS;
    if (isSilent) this.#giveUp();
    else time.after(LAST_WORDS_MS, () => this.#giveUpWhenSilent());
  }

  #giveUp(): void {
    this.#gaveUp = true;
    this.#launched.stdout.destroy();
    this.#launched.stderr.destroy();
  }

  #endFor(reason: ScriptEnd['reason']): void {
    if (this.#ending !== null) return;
    this.#reason = reason;
    void this.#end();
  }

  #end(): Promise<void> {
    this.#ending ??= this.#processes.end();
    return this.#ending;
  }
}
