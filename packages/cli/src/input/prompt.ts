// Questions to a person on a terminal: a secret without echo, a yes or no. Questions and line ends go to stderr, so that stdout holds
// data only.
import { StringDecoder } from 'node:string_decoder';
import { AppError } from '@sallyport/core';
import { usageError } from '../command-line/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';

const ENTER = new Set(['\r', '\n']);
const ERASE = new Set(['\u007F', '\b']);
const INTERRUPT = '\u0003';
const END = '\u0004';
const ERASE_LINE = '\u0015';

/** Whether somebody can be asked. */
export function canAsk(terminal: Terminal): boolean {
  return terminal.stdin.isTTY === true && terminal.stdin.setRawMode !== undefined;
}

/**
 * Asks for a secret without showing it.
 * @returns the text as typed, without the line end; may be empty
 * @throws {invalid-request} when the person interrupts
 */
export async function askHidden(terminal: Terminal, question: string): Promise<string> {
  // Echo goes off before the question is shown: whoever answers at once, or pastes, must not be faster.
  terminal.stdin.setRawMode?.(true);
  terminal.stderr.write(question);
  try {
    return await readHidden(terminal.stdin);
  } finally {
    terminal.stderr.write('\n');
  }
}

/** Asks for a line that may be seen. @returns the text as typed, without the line end; may be empty */
export async function askShown(terminal: Terminal, question: string): Promise<string> {
  terminal.stderr.write(question);
  return readLine(terminal.stdin);
}

/**
 * Asks before something is taken away. `--yes` answers in advance.
 * @throws {invalid-request} when the answer is no, or nobody can be asked
 */
export async function confirm(
  terminal: Terminal,
  { question, yes }: { question: string; yes: boolean },
): Promise<void> {
  if (yes) return;
  if (!canAsk(terminal))
    throw usageError('This needs a yes, and there is no terminal to ask.', 'Give --yes.');
  terminal.stderr.write(`${question} [y/N] `);
  const answer = await readLine(terminal.stdin);
  if (!/^y(es)?$/i.test(answer.trim())) throw usageError('Nothing was changed.', 'Answer "y" to go on.');
}

function readHidden(stdin: Terminal['stdin']): Promise<string> {
  const decoder = new StringDecoder('utf8');
  const typed: string[] = [];
  return new Promise((resolve, reject) => {
    const end = (): void => {
      stdin.off('data', take);
      stdin.off('end', stop);
      stdin.setRawMode?.(false);
      stdin.pause();
    };
    const stop = (): void => {
      end();
      reject(interrupted());
    };
    const take = (bytes: Buffer): void => {
      for (const character of decoder.write(bytes)) {
        if (ENTER.has(character)) {
          end();
          return resolve(typed.join(''));
        }
        if (character === INTERRUPT || (character === END && typed.length === 0)) return stop();
        if (ERASE.has(character)) typed.pop();
        else if (character === ERASE_LINE) typed.length = 0;
        else if (character !== END) typed.push(character);
      }
    };
    stdin.on('data', take);
    stdin.on('end', stop);
    stdin.resume();
  });
}

function readLine(stdin: Terminal['stdin']): Promise<string> {
  const decoder = new StringDecoder('utf8');
  let typed = '';
  return new Promise((resolve) => {
    const end = (): void => {
      stdin.off('data', take);
      stdin.off('end', end);
      stdin.pause();
      resolve(typed.split('\n', 1)[0] ?? '');
    };
    const take = (bytes: Buffer): void => {
      typed += decoder.write(bytes);
      if (typed.includes('\n')) end();
    };
    stdin.on('data', take);
    stdin.on('end', end);
    stdin.resume();
  });
}

function interrupted(): AppError {
  return new AppError('invalid-request', {
    publicMessage: 'Interrupted. Nothing was changed.',
    data: { hint: 'Run the command again.' },
  });
}
