// Help texts, made from the command table.
import type { Command, FlagSpec } from './command.ts';
import { CONNECTION_FLAGS, HELP_FLAG } from './shared-flags.ts';

const WIDTH = 100;

/** Help for the command at `path`, for the group that begins with it, or for everything. */
export function helpFor(commands: readonly Command[], path: readonly string[]): string {
  const exact = commands.find((command) => isSamePath(command.path, path));
  if (exact !== undefined) return commandHelp(exact);
  const below = commands.filter(
    (command) => command.hidden !== true && path.every((word, index) => command.path[index] === word),
  );
  return listHelp(below.length === 0 ? commands : below, below.length === 0 ? [] : path);
}

/** How a command is written, e.g. `sallyport get NAME [flags]`. */
export function usageOf(command: Command): string {
  const words = (command.arguments ?? []).map(({ name, optional }) =>
    optional === true ? `[${name}]` : name,
  );
  const program = command.program === undefined ? [] : ['--', `${command.program.name} …`];
  return ['sallyport', ...command.path, ...words, '[flags]', ...program].join(' ');
}

/** A flag as it is typed, e.g. `-o, --output FORMAT`. */
export function flagUsage(name: string, spec: FlagSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  return `${short}--${name}${spec.kind === 'text' ? ` ${spec.value ?? 'VALUE'}` : ''}`;
}

function commandHelp(command: Command): string {
  const sections = [`${command.summary}.\n\n  ${usageOf(command)}\n`];
  if (command.details !== undefined)
    sections.push(`${command.details.map((line) => wrap(line, 0)).join('\n')}\n`);
  const { program } = command;
  const all = [...(command.arguments ?? []), ...(program === undefined ? [] : [program])];
  const args = all.map(({ name, summary }) => [name, summary] as const);
  if (args.length > 0) sections.push(`Arguments:\n${columns(args)}`);
  sections.push(`Flags:\n${columns(flagRows({ ...command.flags, ...HELP_FLAG }))}`);
  if (command.connects === true) sections.push(`Connection:\n${columns(flagRows(CONNECTION_FLAGS))}`);
  if (command.examples !== undefined) sections.push(`Examples:\n${command.examples.map(example).join('')}`);
  return sections.join('\n');
}

function listHelp(commands: readonly Command[], path: readonly string[]): string {
  const head =
    path.length === 0
      ? 'Sallyport keeps secrets encrypted under your own AWS KMS keys.\n\n  sallyport COMMAND [flags]\n'
      : `  sallyport ${path.join(' ')} …\n`;
  const rows = commands
    .filter(({ hidden }) => hidden !== true)
    .map(({ path: words, summary }) => [words.join(' '), summary] as const);
  return `${head}\nCommands:\n${columns(rows)}\nRun \`sallyport COMMAND --help\` for what a command takes.\n`;
}

function flagRows(flags: Readonly<Record<string, FlagSpec>>): (readonly [string, string])[] {
  return Object.entries(flags).map(([name, spec]) => {
    const choices =
      spec.choices !== undefined && spec.choices.length < 8 ? ` (${spec.choices.join(', ')})` : '';
    return [flagUsage(name, spec), `${spec.summary}${spec.summary.includes(' or ') ? '' : choices}`];
  });
}

function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) => {
      const indent = width + 4;
      const text = wrap(right, indent);
      return left.length > width
        ? `  ${left}\n${' '.repeat(indent)}${text}\n`
        : `  ${left.padEnd(width)}  ${text}\n`;
    })
    .join('');
}

/** Breaks lines between words; lines after the first are indented. */
function wrap(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

function example(line: string): string {
  return `  ${line.includes('sallyport') ? line : `sallyport ${line}`}\n`;
}

function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
