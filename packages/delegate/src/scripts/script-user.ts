// Checks at the start that scripts can run as the user that the guard file names: a refusal at the first script would come too late.
import { AppError } from '@sallyport/core';
import type { ScriptRules } from '../guard/guard-file.ts';

/** @throws {config-invalid} */
export function checkScriptUser(rules: ScriptRules | null): void {
  const user = rules?.user ?? null;
  if (user === null || process.getuid?.() === 0) return;
  throw new AppError('config-invalid', {
    publicMessage:
      'The guard file names a user for scripts (entry "scripts.user"), which only a delegate that runs as root can switch to. Start it as root, or leave the entry out.',
  });
}
