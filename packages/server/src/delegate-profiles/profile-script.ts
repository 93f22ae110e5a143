// The script of a start-up profile: what may stand in it, and which secrets it refers to. A profile belongs to no application, and any
// delegate may come to run it; so its secrets have to be usable everywhere. That is checked when it is saved, and again whenever it is
// handed to a delegate, since scopes change.
import { createHash } from 'node:crypto';
import {
  AppError,
  parseSecretReference,
  printSecretReference,
  ScriptTemplate,
  TEXT_MAX_BYTES,
} from '@sallyport/core';
import type { Catalogue, SecretReference } from '@sallyport/core';
import { SCRIPT_MAX_BYTES, SCRIPT_MAX_SECRETS } from '@sallyport/protocol';
import { chooseToUse, isRefusal, noSecret } from '../secrets/choose-secret.ts';
import type { FoundItem } from '../secrets/find-readable.ts';
import type { SecretAsker } from '../secrets/secret-asker.ts';
import type { FoundSecret } from '../secrets/secret-store.ts';
import type { Tables } from '../storage/store.ts';
import { isEverywhere } from './named-secrets.ts';

/** SHA-256 of the script as it was written, in hex; what a guard file lists. */
export function hashOf(script: string): string {
  return createHash('sha256').update(script).digest('hex');
}

/**
 * References in a script, each once.
 * @throws {invalid-request} {invalid-name} with line and column; {value-too-large}
 */
export function referencesIn(script: string): readonly string[] {
  if (!script.isWellFormed() || script.includes('\0'))
    throw invalid('The script has characters that no shell reads.');
  if (Buffer.byteLength(script) > SCRIPT_MAX_BYTES) {
    throw new AppError('value-too-large', {
      publicMessage: `A script has at most ${SCRIPT_MAX_BYTES} bytes.`,
    });
  }
  const { references } = ScriptTemplate.parse(script, null);
  if (references.length > SCRIPT_MAX_SECRETS) {
    throw invalid(`A script refers to at most ${SCRIPT_MAX_SECRETS} secrets.`);
  }
  for (const reference of references) requireNoPlace(reference);
  return references;
}

/** @throws {invalid-request} {invalid-name} */
export function requireNoPlace(reference: string): void {
  if (parseSecretReference(reference).place === null) return;
  throw invalid(
    `A start-up profile belongs to no application, so its script cannot refer to ${reference}. Refer to a secret that is scoped to the account or to all places, by its name alone.`,
  );
}

/**
 * The secrets of a script, without envelopes.
 * @param options.asker who saves the script, and has to be able to use each of them; null: it is handed to a delegate
 * @throws {not-found} {forbidden} {ambiguous-name} {value-too-large}; {scope-too-wide} when one may not be used everywhere
 */
export async function findScriptSecrets(
  tables: Pick<Tables, 'secrets'>,
  references: readonly string[],
  options: { catalogue: Catalogue; asker: SecretAsker | null },
): Promise<FoundItem[]> {
  const parsed = references.map((reference) => parseSecretReference(reference));
  const candidates = parsed.length === 0 ? [] : await tables.secrets.findMany(parsed);
  return parsed.map((one, index) => {
    const reference = references[index] ?? '';
    const found = choose(one, candidates[index] ?? [], options);
    const { valueBytes, envelope } = found.version;
    if (valueBytes <= TEXT_MAX_BYTES && !('uploadId' in envelope)) return { reference, found, place: null };
    throw new AppError('value-too-large', {
      publicMessage: `The value of ${reference} is too large for a script: more than ${TEXT_MAX_BYTES} bytes.`,
    });
  });
}

function choose(
  reference: SecretReference,
  candidates: readonly FoundSecret[],
  { catalogue, asker }: { catalogue: Catalogue; asker: SecretAsker | null },
): FoundSecret {
  const everywhere = candidates.filter(({ scope }) => isEverywhere(scope, catalogue));
  if (asker === null) return chooseForDelegate(reference, { everywhere, all: candidates });
  const isUsable = everywhere.some(({ scope }) => asker.uses(scope, null));
  const choice = chooseToUse(reference, isUsable ? everywhere : candidates, asker);
  if (isRefusal(choice)) throw naming(printSecretReference(reference), choice.error);
  if (!isUsable) throw tooNarrow(choice.found);
  return choice.found;
}

function chooseForDelegate(
  reference: SecretReference,
  { everywhere, all }: Record<'everywhere' | 'all', readonly FoundSecret[]>,
): FoundSecret {
  const [only] = everywhere;
  if (only !== undefined && everywhere.length === 1) return only;
  if (only !== undefined) {
    throw new AppError('ambiguous-name', {
      publicMessage: `Several secrets named "${only.secret.name}" may be used everywhere. Refer to one by its id.`,
    });
  }
  const [narrow] = all;
  throw narrow === undefined ? naming(printSecretReference(reference), noSecret()) : tooNarrow(narrow);
}

/** Of the secrets of a script, says which one an error is about. */
function naming(reference: string, { code, publicMessage, data }: AppError): AppError {
  return new AppError(code, { publicMessage: `The script refers to ${reference}: ${publicMessage}`, data });
}

function tooNarrow({ secret }: FoundSecret): AppError {
  return new AppError('scope-too-wide', {
    publicMessage: `"${secret.name}" may not be used everywhere, so no start-up profile can use it: any delegate could come to run it. Scope the secret to the account or to all places, or refer to another one.`,
  });
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
