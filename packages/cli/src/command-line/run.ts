// One run of the command: reads the line, carries it out, prints what it failed with, and gives the exit code.
import { commandsFor } from '../commands/commands-for.ts';
import type { Environment } from '../config/environment.ts';
import { printError, toAppError } from '../output/print-error.ts';
import { writeData } from '../output/terminal.ts';
import type { Terminal } from '../output/terminal.ts';
import { endReporting, reportFailed } from '../start/stop-signals.ts';
import { FlagValues } from './flag-values.ts';
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
export async function run(surroundings: Surroundings): Promise<number> {
  const { words, terminal } = surroundings;
  try {
    return (await carryOut(surroundings)) ?? 0;
  } catch (thrown) {
    const error = toAppError(thrown);
    await reportFailed(error);
    return await printError(terminal, error, { json: wantsJson(words) });
  } finally {
    endReporting();
  }
}

async function carryOut({ words, terminal, environment, folder }: Surroundings): Promise<number | void> {
  if (words[0] === '__complete') {
    const [{ printCompletions }, { COMMANDS }] = await Promise.all([
      import('../commands/about.ts'),
      import('../commands/index.ts'),
    ]);
    const flags = new FlagValues(new Map());
    await printCompletions(
      { flags, program: [], terminal, environment, folder },
      { commands: COMMANDS, words: words.slice(2) },
    );
    return;
  }
  const line = parseLine(await commandsFor(words[0]), words);
  if (line.kind === 'help') return printHelp(terminal, line.path);
  if (line.kind === 'version') {
    const { VERSION } = await import('../commands/about.ts');
    return writeData(terminal, `sallyport ${VERSION}\n`);
  }
  const { command, flags, program } = line;
  return command.run({ arguments: line.arguments, program, flags, terminal, environment, folder });
}

async function printHelp(terminal: Terminal, path: readonly string[]): Promise<void> {
  const [{ helpFor }, { COMMANDS }] = await Promise.all([
    import('./help.ts'),
    import('../commands/index.ts'),
  ]);
  await writeData(terminal, helpFor(COMMANDS, path));
}

/** Asked of the words themselves, since the line may be what is wrong. */
function wantsJson(words: readonly string[]): boolean {
  const wanted = ['-ojson', '-o=json', '--output=json'];
  return words.some(
    (word, index) =>
      wanted.includes(word) || (word === 'json' && ['-o', '--output'].includes(words[index - 1] ?? '')),
  );
}
