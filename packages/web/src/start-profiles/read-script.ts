// What can be said of a script while it is written, without sending it: which secrets it names, and what the command line warns of as well.
import { ScriptTemplate, secretLookingLines, singleQuotedLines } from '@sallyport/core';
import { isAppError } from '@sallyport/sdk/browser';

export type ScriptReading = {
  /** Each once; of a script that cannot be read, none. */
  references: readonly string[];
  /** Why it cannot be read; null: it can. */
  complaint: string | null;
  warnings: readonly string[];
};

export function readScript(script: string): ScriptReading {
  const warnings = [
    ...singleQuotedLines(script).map(
      (line) =>
        `Line ${line} has a secret inside single quotes, where a shell fills nothing in. Use double quotes.`,
    ),
    ...secretLookingLines(script).map(
      (line) =>
        `Line ${line} looks as if it held a secret. The server keeps the script in clear: add the value under Secrets Management, and refer to it with \${secrets.getValue("name")}.`,
    ),
  ];
  try {
    return { references: ScriptTemplate.parse(script, null).references, complaint: null, warnings };
  } catch (thrown) {
    if (!isAppError(thrown)) throw thrown;
    return { references: [], complaint: thrown.publicMessage, warnings };
  }
}
