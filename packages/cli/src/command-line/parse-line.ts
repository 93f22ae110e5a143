// From the words of a command line to a command with its arguments and flags. What is not in the table is refused; the words of
// refusals repeat names of flags and commands but never values.
import { parseArgs } from 'node:util';
import type { Command, FlagSpec } from './command.ts';
import { CONNECTION_FLAGS, HELP_FLAG } from './shared-flags.ts';
import { FlagValues } from './flag-values.ts';
import { usageError } from './usage-error.ts';

export type ParsedLine =
  | {
      kind: 'command';
      command: Command;
      arguments: Record<string, string | undefined>;
      program: readonly string[];
      flags: FlagValues;
    }
  | { kind: 'help'; path: readonly string[] }
  | { kind: 'version' };

/** All flags of a command. */
export function flagsOf(command: Command): Readonly<Record<string, FlagSpec>> {
  return { ...command.flags, ...(command.connects === true ? CONNECTION_FLAGS : {}), ...HELP_FLAG };
}

/**
 * Reads a command line.
 * @throws {invalid-request} when it is not one of the table's commands with what it takes
 */
export function parseLine(commands: readonly Command[], words: readonly string[]): ParsedLine {
  const { positionals, given, program } = tokensOf(commands, words);
  const command = commandOf(commands, positionals);
  if (given.some(({ name }) => name === 'help')) return helpOn(commands, command?.path ?? positionals);
  if (positionals[0] === 'help') return helpOn(commands, positionals.slice(1));
  if (positionals.length === 0 && given.length === 1 && given[0]?.name === 'version')
    return { kind: 'version' };
  if (command === null) {
    if (positionals.length === 0 && given.length === 0) return { kind: 'help', path: [] };
    throw unknownCommand(commands, positionals);
  }
  const flags = flagValuesOf(command, given);
  if (command.program === undefined) {
    return { kind: 'command', command, arguments: argumentsOf(command, positionals), program: [], flags };
  }
  const before = positionals.slice(0, positionals.length - program.length);
  if (program.length === 0) throw usageError(programMissing(command));
  return { kind: 'command', command, arguments: argumentsOf(command, before), program, flags };
}

/** @throws {invalid-request} when no command and no group of them is called that */
function helpOn(commands: readonly Command[], path: readonly string[]): ParsedLine {
  const isThere = commands.some(({ path: words }) => path.every((word, index) => words[index] === word));
  if (!isThere) throw unknownCommand(commands, path);
  return { kind: 'help', path };
}

type GivenFlag = { name: string; rawName: string; value: string | undefined; inline: boolean };

/** Cuts the line by the flags of all commands, since the command is known only once flags and their values are set apart. */
function tokensOf(
  commands: readonly Command[],
  words: readonly string[],
): { positionals: string[]; given: GivenFlag[]; program: readonly string[] } {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {};
  for (const [name, spec] of commands.flatMap((command) => Object.entries(flagsOf(command)))) {
    const type = spec.kind === 'text' ? 'string' : 'boolean';
    options[name] = { type, ...(spec.short === undefined ? {} : { short: spec.short }) };
  }
  const { tokens } = parseArgs({
    args: [...words],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals: string[] = [];
  const given: GivenFlag[] = [];
  let program: readonly string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind === 'option-terminator') program = words.slice(token.index + 1);
    if (token.kind === 'option') {
      given.push({
        name: token.name,
        rawName: token.rawName,
        value: token.value,
        inline: token.inlineValue === true,
      });
    }
  }
  return { positionals, given, program };
}

/** The command with the longest path that the words begin with. */
export function commandOf(commands: readonly Command[], words: readonly string[]): Command | null {
  let best: Command | null = null;
  for (const command of commands) {
    const matches = command.path.every((word, index) => words[index] === word);
    if (matches && command.path.length > (best?.path.length ?? 0)) best = command;
  }
  return best;
}

function flagValuesOf(command: Command, given: readonly GivenFlag[]): FlagValues {
  const specs = flagsOf(command);
  const values = new Map<string, string[]>();
  for (const { name, rawName, value, inline } of given) {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw unknownFlag(command, rawName);
    const known = values.get(name);
    if (known !== undefined && spec.repeatable !== true) throw usageError(`${rawName} is given twice.`);
    if (spec.kind === 'switch') {
      if (value !== undefined) throw usageError(`${rawName} takes no value.`);
      values.set(name, []);
      continue;
    }
    values.set(name, [...(known ?? []), checkedValue({ rawName, value, inline }, spec)]);
  }
  return new FlagValues(values);
}

function checkedValue(
  { rawName, value, inline }: { rawName: string; value: string | undefined; inline: boolean },
  spec: FlagSpec,
): string {
  if (value === undefined || value === '') throw usageError(`${rawName} needs a value.`);
  if (!inline && value.startsWith('-') && value !== '-') {
    throw usageError(
      `${rawName} needs a value.`,
      `For a value that begins with a dash, type ${rawName}=VALUE.`,
    );
  }
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    throw usageError(`${rawName} is one of ${spec.choices.join(', ')}.`);
  }
  return value;
}

function argumentsOf(command: Command, positionals: readonly string[]): Record<string, string | undefined> {
  const specs = command.arguments ?? [];
  const values = positionals.slice(command.path.length);
  const words = `sallyport ${command.path.join(' ')}`;
  const missing = specs.find((spec, index) => spec.optional !== true && values[index] === undefined);
  if (missing !== undefined) throw usageError(`\`${words}\` needs ${missing.name}: ${missing.summary}.`);
  if (values.length > specs.length) {
    if (command.program !== undefined) throw usageError(programMissing(command));
    const takes =
      specs.length === 0 ? 'no arguments' : `only ${specs.map((spec) => spec.name).join(' and ')}`;
    throw usageError(`\`${words}\` takes ${takes}.`);
  }
  return Object.fromEntries(specs.map((spec, index) => [spec.name, values[index]]));
}

function programMissing({ path, program }: Command): string {
  return `Put -- and then the program: \`sallyport ${path.join(' ')} [flags] -- ${program?.name ?? ''} …\`.`;
}

/** What the commands are called elsewhere. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  delete: 'rm',
  remove: 'rm',
  del: 'rm',
  ls: 'list',
  show: 'describe',
  read: 'get',
  cat: 'get',
  put: 'set',
  write: 'set',
  add: 'set',
  create: 'set',
  mv: 'rename',
  signin: 'login',
  signout: 'logout',
};

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function unknownCommand(commands: readonly Command[], positionals: readonly string[]): Error {
  const groups = commands.filter(({ path, hidden }) => hidden !== true && path[0] === positionals[0]);
  if (groups.length > 0) {
    const group = positionals[0] ?? '';
    const names = [...new Set(groups.map(({ path }) => path.slice(1).join(' ')))];
    return usageError(`\`sallyport ${group}\` is followed by one of: ${names.join(', ')}.`);
  }
  const names = [
    ...new Set(commands.filter(({ hidden }) => hidden !== true).map(({ path }) => path[0] ?? '')),
  ];
  const [verb] = positionals;
  const meantBy = verb !== undefined && Object.hasOwn(OTHER_WORDS, verb) ? OTHER_WORDS[verb] : undefined;
  const close = meantBy ?? (verb === undefined ? undefined : closest(verb, names));
  const meant = close === undefined ? '' : ` Did you mean \`sallyport ${close}\`?`;
  return usageError(`There is no such command.${meant}`, 'Run `sallyport help` to see all commands.');
}

function unknownFlag(command: Command, rawName: string): Error {
  const close = closest(
    rawName,
    Object.keys(flagsOf(command)).map((name) => `--${name}`),
  );
  const meant = close === undefined ? '' : ` Did you mean ${close}?`;
  return usageError(
    `\`sallyport ${command.path.join(' ')}\` has no flag ${rawName}.${meant}`,
    command.program === undefined
      ? undefined
      : `If it is for the program: ${lowerFirst(programMissing(command))}`,
  );
}

/** The candidate that takes at most two changed, added or left-out letters. */
function closest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((name) => ({ name, distance: editDistance(word, name) }));
  return ranked.filter(({ distance }) => distance <= 2).toSorted((a, b) => a.distance - b.distance)[0]?.name;
}

/** Levenshtein's distance, two rows at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
