// `sallyport delegate exec`: a script from here runs at a delegate, and its output comes back while it does.
import { basename } from 'node:path';
import { constants } from 'node:os';
import { AppError } from '@sallyport/core';
import { SCRIPT_MAX_SECONDS } from '@sallyport/protocol/client';
import type { StartedScript } from '@sallyport/sdk/scripts';
import type { Command, Invocation } from '../command-line/command.ts';
import { SCOPE_FLAGS } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withScriptClient } from '../config/open-client.ts';
import { readPlace } from '../config/place.ts';
import { readScript } from '../input/read-input.ts';
import { warnOfQuotes } from '../input/script-warnings.ts';
import { printableLine } from '../output/printable.ts';
import { note, written } from '../output/terminal.ts';

/** What `timeout` exits with; the same for a script that wrote too much. */
const LIMIT_EXIT_CODE = 124;
const SIGNAL_EXIT_CODE = 128;

export const SCRIPT_COMMANDS: readonly Command[] = [
  {
    path: ['delegate', 'exec'],
    summary: 'Run a script on a delegate, with secrets filled in there',
    details: [
      'The script is sealed for the delegate and its output for you. ${secrets.getValue("name")} becomes the value at the delegate; values are masked in the output.',
      "Needs the permission run-scripts, and a delegate whose guard file allows scripts. Exits with the script's own code; 124 when a limit ended it.",
    ],
    arguments: [{ name: 'SCRIPT', summary: 'a file, or - for standard input', completes: 'file' }],
    flags: {
      ...SCOPE_FLAGS,
      selector: {
        kind: 'text',
        value: 'SELECTOR',
        repeatable: true,
        summary: 'Only a delegate with this selector; may be repeated',
      },
      delegate: {
        kind: 'text',
        value: 'NAME',
        completes: 'delegate',
        summary: 'Only the delegate of this name',
      },
      timeout: {
        kind: 'text',
        value: 'DURATION',
        summary: 'End it after this time (default 10m, or what the guard file allows)',
      },
      arg: {
        kind: 'text',
        value: 'TEXT',
        repeatable: true,
        summary: "An argument for the script; visible to other users of the delegate's host",
      },
      interpreter: {
        kind: 'text',
        value: 'PATH',
        summary: 'Program at the delegate to run it with, one that the guard file names (default bash)',
      },
    },
    connects: true,
    examples: [
      'delegate exec --selector prod-vpc --app shop --env production migrate.sh',
      'delegate exec --delegate prod-1 --timeout 2m --arg --dry-run check.sh',
    ],
    run: executeScript,
  },
];

async function executeScript(invocation: Invocation): Promise<number> {
  const { terminal, flags } = invocation;
  const source = invocation.arguments['SCRIPT'] ?? '';
  const script = await readScript(terminal, source);
  warnOfQuotes(terminal, script);
  const place = readPlace(invocation);
  const delegate = flags.text('delegate');
  const maxSeconds = secondsOf(invocation);
  const interpreter = flags.text('interpreter');
  const interruption = new Interruption();
  try {
    return await withScriptClient(invocation, async (client) => {
      const end = await client.runScript(script, {
        name: source === '-' ? 'standard input' : basename(source),
        place,
        arguments: flags.list('arg'),
        selectors: flags.list('selector'),
        ...(delegate === null ? {} : { delegate }),
        ...(maxSeconds === null ? {} : { maxSeconds }),
        ...(interpreter === null ? {} : { interpreter }),
        onStart: (started) => warnOfUnmasked(invocation, started),
        onOutput: async (stream, bytes) => written(terminal[stream], bytes),
        signal: interruption.signal,
      });
      if (end.reason === 'exited') return end.exitCode ?? exitCodeOf(end.signal);
      await note(
        terminal,
        end.reason === 'time-limit'
          ? `The script was ended after ${Math.round(end.elapsedMs / 1000)} s, its time limit.`
          : 'The script was ended: it wrote more than the guard file of the delegate allows.',
      );
      return LIMIT_EXIT_CODE;
    });
  } catch (thrown) {
    if (interruption.exitCode === null) throw thrown;
    await note(terminal, 'Interrupted: the delegate ends the script.');
    return interruption.exitCode;
  } finally {
    interruption.end();
  }
}

/** @throws {invalid-request} */
function secondsOf({ flags }: Invocation): number | null {
  const seconds = flags.seconds('timeout');
  if (seconds === null || (seconds >= 1 && seconds <= SCRIPT_MAX_SECONDS)) return seconds;
  throw usageError('--timeout takes from 1s to 6h.', 'Leave it out for 10 minutes.');
}

function warnOfUnmasked({ terminal }: Invocation, { unmasked }: StartedScript): void {
  for (const { reference, why } of unmasked) {
    terminal.stderr.write(`warning: ${printableLine(reference)} ${printableLine(why)}.\n`);
  }
}

/** As a shell would say it. */
function exitCodeOf(signal: string | null): number {
  return SIGNAL_EXIT_CODE + (signal === null ? 0 : (constants.signals[signal as NodeJS.Signals] ?? 0));
}

/** Turns the signals that end a program into the end of the script. A second one ends the program at once. */
class Interruption {
  readonly #abort = new AbortController();
  readonly #take = (signal: NodeJS.Signals): void => {
    if (this.exitCode !== null) process.exit(this.exitCode);
    this.exitCode = exitCodeOf(signal);
    this.#abort.abort(new AppError('delegate-lost', { publicMessage: 'It was interrupted.' }));
  };
  /** null: nothing came. */
  exitCode: number | null = null;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.#take);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  end(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.#take);
  }
}
