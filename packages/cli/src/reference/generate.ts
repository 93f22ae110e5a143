// The generated parts of docs/reference/cli.md: commands with their flags, environment variables, exit codes. Made from the tables that
// the command itself runs on; a test keeps page and tables equal.
import type { ErrorCode } from '@sallyport/core';
import type { Command, FlagSpec } from '../command-line/command.ts';
import { flagUsage, usageOf } from '../command-line/help.ts';
import { CONNECTION_FLAGS } from '../command-line/shared-flags.ts';
import { COMMANDS } from '../commands/index.ts';
import { ENVIRONMENT_VARIABLES } from '../config/environment.ts';
import { EXIT_CODE_OF, EXIT_CODES } from '../output/exit-codes.ts';

/** Generated parts by the name of their markers in the page. */
export function generatedParts(): Readonly<Record<string, string>> {
  return {
    commands: COMMANDS.filter(({ hidden }) => hidden !== true)
      .map((command) => commandSection(command))
      .join('\n'),
    connection: flagTable(CONNECTION_FLAGS),
    variables: variableTable(),
    'exit-codes': exitCodeTable(),
  };
}

/**
 * The page with its generated parts renewed. What stands outside the markers stays.
 * @throws {Error} when a marker is missing
 */
export function renewPage(page: string): string {
  return Object.entries(generatedParts()).reduce((text, [name, part]) => {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the markers of ${name} are missing`);
    return `${text.slice(0, from + begin.length)}\n\n${part.trimEnd()}\n\n${text.slice(to)}`;
  }, page);
}

function commandSection(command: Command): string {
  const lines = [
    `### ${command.path.join(' ')}`,
    '',
    '```',
    usageOf(command),
    '```',
    '',
    `${command.summary}.`,
  ];
  for (const detail of command.details ?? []) lines.push('', detail);
  const args = [...(command.arguments ?? []), ...(command.program === undefined ? [] : [command.program])];
  if (args.length > 0) {
    lines.push('', '| Argument | |', '| --- | --- |');
    lines.push(...args.map(({ name, summary }) => `| \`${name}\` | ${cell(summary)} |`));
  }
  if (Object.keys(command.flags ?? {}).length > 0) lines.push('', flagTable(command.flags ?? {}).trimEnd());
  if (command.connects === true) lines.push('', 'Takes the [connection flags](#connection) as well.');
  return `${lines.join('\n')}\n`;
}

function flagTable(flags: Readonly<Record<string, FlagSpec>>): string {
  const rows = Object.entries(flags).map(([name, spec]) => {
    const choices =
      spec.choices === undefined ? '' : `. One of ${spec.choices.map((one) => `\`${one}\``).join(', ')}`;
    return `| \`${flagUsage(name, spec)}\` | ${cell(spec.summary)}${choices} |\n`;
  });
  return `| Flag | |\n| --- | --- |\n${rows.join('')}`;
}

function variableTable(): string {
  const rows = Object.entries(ENVIRONMENT_VARIABLES).map(
    ([name, what]) => `| \`${name}\` | ${cell(what)} |\n`,
  );
  return `| Variable | |\n| --- | --- |\n${rows.join('')}`;
}

function exitCodeTable(): string {
  const codes = Object.keys(EXIT_CODE_OF) as ErrorCode[];
  const rows = Object.entries(EXIT_CODES).map(([exitCode, meaning]) => {
    const mapped = codes
      .filter((code) => EXIT_CODE_OF[code] === Number(exitCode))
      .map((code) => `\`${code}\``);
    return `| ${exitCode} | ${cell(meaning)} | ${mapped.join(', ')} |\n`;
  });
  return `| Exit code | Meaning | Error codes |\n| --- | --- | --- |\n${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
