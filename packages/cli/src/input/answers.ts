// Answers to questions of one command: typed on a terminal, secret ones without echo, or else taken from standard input, one a line, so that
// programs can answer too.
import { usageError } from '../command-line/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import { askHidden, askShown, canAsk } from './prompt.ts';
import { readStdin } from './read-input.ts';

const INPUT_MAX_BYTES = 65_536;

export class Answers {
  readonly #terminal: Terminal;
  #lines: string[] | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** @throws {invalid-request} when the answer is empty or missing */
  async shown(what: string): Promise<string> {
    return this.#answer(what, async () => askShown(this.#terminal, `${what}: `));
  }

  /** The same, without showing what is typed. */
  async secret(what: string): Promise<string> {
    return this.#answer(what, async () => askHidden(this.#terminal, `${what}: `));
  }

  /** A new secret: on a terminal it is asked for twice, since a mistake would not be seen. @throws {invalid-request} */
  async newSecret(what: string): Promise<string> {
    const first = await this.secret(what);
    if (!canAsk(this.#terminal)) return first;
    if ((await askHidden(this.#terminal, `${what}, once more: `)) === first) return first;
    throw usageError('These were two different ones. Nothing was changed.', 'Run the command again.');
  }

  async #answer(what: string, ask: () => Promise<string>): Promise<string> {
    const answer = canAsk(this.#terminal) ? await ask() : await this.#nextLine();
    if (answer !== '') return answer;
    throw usageError(
      `${what} is missing.`,
      'Answer on a terminal, or give the answers on standard input, one a line.',
    );
  }

  async #nextLine(): Promise<string> {
    if (this.#lines === null) {
      const bytes = await readStdin(this.#terminal, INPUT_MAX_BYTES);
      this.#lines = bytes.toString('utf8').split(/\r?\n/);
    }
    return this.#lines.shift() ?? '';
  }
}
