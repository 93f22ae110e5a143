// One run of the command: reads the line, carries it out, prints what it failed with, and gives the exit code.
import { printCompletions, VERSION } from '../commands/about.ts';
import { COMMANDS } from '../commands/index.ts';
import type { Environment } from '../config/environment.ts';
import type { ExitCode } from '../output/exit-codes.ts';
import { printError, toAppError } from '../output/print-error.ts';
import { writeData } from '../output/terminal.ts';
import type { Terminal } from '../output/terminal.ts';
import { endReporting, reportFailed } from '../start/stop-signals.ts';
import { FlagValues } from './flag-values.ts';
import { helpFor } from './help.ts';
import { parseLine } from './parse-line.ts';

export type Surroundings = {
  /** Words after the command's own name. */
  words: readonly string[];
  terminal: Terminal;
  environment: Environment;
  /** Working directory. */
  folder: string;
};

/** @returns the exit code; never rejects */
export async function run(surroundings: Surroundings): Promise<ExitCode> {
  const { words, terminal } = surroundings;
  try {
    await carryOut(surroundings);
    return 0;
  } catch (thrown) {
    const error = toAppError(thrown);
    await reportFailed(error);
    return await printError(terminal, error, { json: wantsJson(words) });
  } finally {
    endReporting();
  }
}

async function carryOut({ words, terminal, environment, folder }: Surroundings): Promise<void> {
  if (words[0] === '__complete') {
    const flags = new FlagValues(new Map());
    await printCompletions(
      { flags, terminal, environment, folder },
      { commands: COMMANDS, words: words.slice(2) },
    );
    return;
  }
  const line = parseLine(COMMANDS, words);
  if (line.kind === 'help') return writeData(terminal, helpFor(COMMANDS, line.path));
  if (line.kind === 'version') return writeData(terminal, `sallyport ${VERSION}\n`);
  const { command, flags } = line;
  await command.run({ arguments: line.arguments, flags, terminal, environment, folder });
}

/** Asked of the words themselves, since the line may be what is wrong. */
function wantsJson(words: readonly string[]): boolean {
  const wanted = ['-ojson', '-o=json', '--output=json'];
  return words.some(
    (word, index) =>
      wanted.includes(word) || (word === 'json' && ['-o', '--output'].includes(words[index - 1] ?? '')),
  );
}
