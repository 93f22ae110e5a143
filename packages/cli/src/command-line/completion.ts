// Completion: what can follow the words typed so far, from the command table and, for names, from the server. The shells' scripts are in
// completion-scripts.ts and only ask.
import type { ArgumentSpec, Command, CompletionSource, FlagSpec } from './command.ts';
import { commandOf, flagsOf } from './parse-line.ts';

/** What can stand in the place of the last word. */
export type Completion = {
  candidates: readonly string[];
  /** Names to ask the server for as well, or files to look up by the shell. */
  source: CompletionSource | null;
};

const NOTHING: Completion = { candidates: [], source: null };

/** @param words the words after `sallyport`; the last one is being typed and may be empty */
export function completionOf(commands: readonly Command[], words: readonly string[]): Completion {
  const visible = commands.filter(({ hidden }) => hidden !== true);
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commandOf(visible, wordsWithoutFlags(visible, before));
  const flags: Readonly<Record<string, FlagSpec>> = command === null ? {} : flagsOf(command);
  const open = openFlag(flags, before.at(-1));
  if (open !== null) return valuesOf(open, typed);
  if (typed.startsWith('-')) return startingWith(typed, unusedFlags(flags, before));
  const positionals = wordsWithoutFlags(visible, before);
  if (command === null) return startingWith(typed, nextWords(visible, positionals));
  const deeper = nextWords(visible, positionals);
  if (deeper.length > 0) return startingWith(typed, deeper);
  const argument = command.arguments?.[positionals.length - command.path.length];
  return argument === undefined ? NOTHING : argumentValues(argument, typed);
}

function argumentValues(argument: ArgumentSpec, typed: string): Completion {
  return { ...startingWith(typed, []), source: argument.completes ?? null };
}

function valuesOf(spec: FlagSpec, typed: string): Completion {
  return { ...startingWith(typed, spec.choices ?? []), source: spec.completes ?? null };
}

/** The flag that waits for its value as the next word. */
function openFlag(flags: Readonly<Record<string, FlagSpec>>, word: string | undefined): FlagSpec | null {
  if (word === undefined || !word.startsWith('-')) return null;
  for (const [name, spec] of Object.entries(flags)) {
    if (spec.kind === 'text' && (word === `--${name}` || word === `-${spec.short}`)) return spec;
  }
  return null;
}

function unusedFlags(flags: Readonly<Record<string, FlagSpec>>, before: readonly string[]): string[] {
  return Object.entries(flags)
    .filter(([name, spec]) => spec.repeatable === true || !before.includes(`--${name}`))
    .map(([name]) => `--${name}`);
}

/** Words that can follow in the path of some command. */
function nextWords(commands: readonly Command[], positionals: readonly string[]): string[] {
  const fitting = commands.filter(
    ({ path }) =>
      path.length > positionals.length && positionals.every((word, index) => path[index] === word),
  );
  return [...new Set(fitting.map(({ path }) => path[positionals.length] ?? ''))];
}

/** Leaves out flags and their values, as far as the table knows them. */
function wordsWithoutFlags(commands: readonly Command[], words: readonly string[]): string[] {
  const withValue = new Set<string>();
  for (const [name, spec] of commands.flatMap((command) => Object.entries(flagsOf(command)))) {
    if (spec.kind !== 'text') continue;
    withValue.add(`--${name}`);
    if (spec.short !== undefined) withValue.add(`-${spec.short}`);
  }
  return words.filter(
    (word, index) => (word === '-' || !word.startsWith('-')) && !withValue.has(words[index - 1] ?? ''),
  );
}

function startingWith(typed: string, words: readonly string[]): Completion {
  return { candidates: words.filter((word) => word.startsWith(typed)), source: null };
}
