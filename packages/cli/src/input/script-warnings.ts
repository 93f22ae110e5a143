// Warnings about scripts that are about to be sent: what a shell would not fill in, and what should not stand in a script at all.
import { secretLookingLines, singleQuotedLines } from '@sallyport/core';
import type { Terminal } from '../output/terminal.ts';

export function warnOfQuotes(terminal: Terminal, script: string): void {
  for (const line of singleQuotedLines(script)) {
    terminal.stderr.write(
      `warning: line ${line} has a secret inside single quotes, where a shell fills nothing in; use double quotes.\n`,
    );
  }
}

/** For scripts that the server keeps in clear. */
export function warnOfWrittenSecrets(terminal: Terminal, script: string): void {
  for (const line of secretLookingLines(script)) {
    terminal.stderr.write(
      `warning: line ${line} looks as if it held a secret. The server keeps the script in clear; store the value with \`sallyport set\` and refer to it with \${secrets.getValue("name")}.\n`,
    );
  }
}
