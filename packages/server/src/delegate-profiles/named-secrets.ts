// Which secrets the script of a start-up profile names. It names them by id or by name; a name means the secret that may be used
// everywhere, since a profile belongs to no application.
import { EVERYWHERE, nameKey, parseSecretReference, regionContains, ScriptTemplate } from '@sallyport/core';
import type { Catalogue, EffectiveScope } from '@sallyport/core';

/** Ids, and names as they are compared, each once. @throws {invalid-request} {invalid-name} as parsing the script does */
export function secretKeysIn(script: string): string[] {
  const keys = ScriptTemplate.parse(script, null).references.map((reference) => {
    const parsed = parseSecretReference(reference);
    return parsed.by === 'id' ? parsed.id : nameKey(parsed.name);
  });
  return [...new Set(keys)];
}

/** Whether a secret of this scope may be used wherever a delegate may be. */
export function isEverywhere(scope: EffectiveScope, catalogue: Catalogue): boolean {
  return scope.type === 'account' || regionContains(scope.rows, EVERYWHERE, catalogue);
}
