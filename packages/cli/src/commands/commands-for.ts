// The commands that a line can mean by its first word, so that the ones which programs are started with load little. Every other word gets
// the whole table, which is also what unknown words are compared with.
import type { Command } from '../command-line/command.ts';

const secrets = async (): Promise<readonly Command[]> => (await import('./secrets.ts')).SECRET_COMMANDS;
const running = async (): Promise<readonly Command[]> => (await import('./run.ts')).RUN_COMMANDS;

/** First words that only commands of one module begin with. A test holds this against the whole table. */
export const LOADED_ALONE: Readonly<Record<string, () => Promise<readonly Command[]>>> = {
  run: running,
  exec: running,
  get: secrets,
  set: secrets,
  list: secrets,
  describe: secrets,
  history: secrets,
};

/**
 * First words that `npm run build:cli` leaves to the sources: their commands start the server, delegates or the lab, or load what those
 * share with AWS. Built together with them, our own types would be there twice.
 */
export const FROM_SOURCES: readonly string[] = ['delegate', 'lab', 'server', 'start', 'workload'];

export async function commandsFor(firstWord: string | undefined): Promise<readonly Command[]> {
  if (firstWord !== undefined && Object.hasOwn(LOADED_ALONE, firstWord)) {
    return (await LOADED_ALONE[firstWord]?.()) ?? [];
  }
  return (await import('./index.ts')).COMMANDS;
}
