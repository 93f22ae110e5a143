// Finds what reads ask for: parses references, looks them up in one go, and sorts out what cannot be answered, each with its reason.
import { AppError, parseSecretReference, TEXT_MAX_BYTES } from '@sallyport/core';
import type { SecretReference, SecretsManagerId } from '@sallyport/core';
import { toWireError } from '@sallyport/protocol';
import type { UnresolvedItem } from '@sallyport/protocol';
import type { SecretsManagerDirectory } from '../secrets-managers/secrets-manager-directory.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Tables } from '../storage/store.ts';
import { noSecret } from './find-secret.ts';
import type { FoundSecret } from './secret-store.ts';

/** A reference as it was given, and what it stands for. */
export type FoundItem = { reference: string; found: FoundSecret };
export type Findings = { items: FoundItem[]; unresolved: UnresolvedItem[] };

/** All values of one answer together: they have to fit into one sealed box with their frame. */
const ANSWER_MAX_BYTES = 15 * 1_048_576;
/** So many envelopes are loaded at once; each has 1 MiB at most. */
export const LOAD_AT_ONCE = 64;

/** Looks up metadata. */
export async function findItems(tables: Tables, references: readonly string[]): Promise<Findings> {
  const [findings] = await lookUp(tables, [references], { envelopes: false });
  return findings ?? nothing();
}

/** Looks up envelopes too, for as many items as fit into one answer; the others are unresolved as `value-too-large`. */
export async function findEnvelopes(tables: Tables, references: readonly string[]): Promise<Findings> {
  const all = nothing();
  let leftBytes = ANSWER_MAX_BYTES;
  for (let at = 0; at < references.length; at += LOAD_AT_ONCE) {
    const part = references.slice(at, at + LOAD_AT_ONCE);
    const [findings = nothing()] = await lookUp(tables, [part], { envelopes: leftBytes > 0 });
    leftBytes = addWithin(all, findings, leftBytes);
  }
  return all;
}

/** The same for several requests, in one query. Together they have at most `LOAD_AT_ONCE` references. */
export async function findEnvelopesOfMany(
  tables: Tables,
  requests: readonly (readonly string[])[],
): Promise<Findings[]> {
  const found = await lookUp(tables, requests, { envelopes: true });
  return found.map((findings) => {
    const fitting = nothing();
    addWithin(fitting, findings, ANSWER_MAX_BYTES);
    return fitting;
  });
}

/** The secrets managers of these items, each once. @throws {not-found} cannot happen while versions refer to them */
export async function managersOf(
  items: readonly FoundItem[],
  directory: SecretsManagerDirectory,
): Promise<Map<SecretsManagerId, SecretsManagerRow>> {
  const rows = new Map<SecretsManagerId, SecretsManagerRow>();
  for (const { found } of items) {
    const id = found.version.secretsManagerId;
    if (rows.has(id)) continue;
    const row = await directory.byId(id);
    if (row === null) throw noSecret();
    rows.set(id, row);
  }
  return rows;
}

type Asked = { reference: string; asked: SecretReference };

/** One query for all requests; findings in their order. */
async function lookUp(
  tables: Tables,
  requests: readonly (readonly string[])[],
  options: { envelopes: boolean },
): Promise<Findings[]> {
  const parsed = requests.map(parseAll);
  const asked = parsed.flatMap((one) => one.asked.map((item) => item.asked));
  const rows = asked.length === 0 ? [] : await tables.secrets.findMany(asked, options);
  let at = 0;
  return parsed.map(({ asked: ofRequest, findings }) => {
    for (const { reference } of ofRequest) {
      const found = rows[at++];
      if (found) findings.items.push({ reference, found });
      else findings.unresolved.push(unresolvedItem(reference, noSecret()));
    }
    return findings;
  });
}

function parseAll(references: readonly string[]): { asked: Asked[]; findings: Findings } {
  const asked: Asked[] = [];
  const findings = nothing();
  for (const reference of references) {
    const parsed = parseOrError(reference);
    if (parsed instanceof AppError) findings.unresolved.push(unresolvedItem(reference, parsed));
    else asked.push({ reference, asked: parsed });
  }
  return { asked, findings };
}

/** Adds what fits; returns how many bytes are left. The first value that does not fit ends the answer. */
function addWithin(all: Findings, more: Findings, leftBytes: number): number {
  let left = leftBytes;
  all.unresolved.push(...more.unresolved);
  for (const item of more.items) {
    const { valueBytes, envelope } = item.found.version;
    const isLarge = valueBytes > TEXT_MAX_BYTES || 'uploadId' in envelope;
    if (isLarge) all.unresolved.push(unresolvedItem(item.reference, downloadInstead()));
    else if (valueBytes <= left) {
      left -= valueBytes;
      all.items.push(item);
    } else {
      left = 0;
      all.unresolved.push(unresolvedItem(item.reference, askInParts()));
    }
  }
  return left;
}

function parseOrError(reference: string): SecretReference | AppError {
  try {
    return parseSecretReference(reference);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}

export function unresolvedItem(reference: string, error: AppError): UnresolvedItem {
  return { reference, error: toWireError(error) };
}

function nothing(): Findings {
  return { items: [], unresolved: [] };
}

function downloadInstead(): AppError {
  return new AppError('value-too-large', {
    publicMessage: `Values above ${TEXT_MAX_BYTES} bytes are not read together with others.`,
    data: { hint: 'Read it by POST /v1/secrets/download; `sallyport get` does so by itself.' },
  });
}

function askInParts(): AppError {
  return new AppError('value-too-large', {
    publicMessage: `The values of one call have at most ${ANSWER_MAX_BYTES} bytes together.`,
    data: { hint: 'Ask for fewer values in one call.' },
  });
}
