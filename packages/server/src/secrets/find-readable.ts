// Finds what reads ask for: parses references, looks them up in one go, decides for each whether the asker may have it, and only then
// loads envelopes, of those alone. What cannot be answered stands beside, each with its reason.
import { AppError, parseSecretReference, TEXT_MAX_BYTES } from '@sallyport/core';
import type { SecretReference, SecretsManagerId } from '@sallyport/core';
import { toWireError } from '@sallyport/protocol';
import type { UnresolvedItem } from '@sallyport/protocol';
import type { FoundPlace } from '../applications/account-catalogue.ts';
import type { SecretsManagerDirectory } from '../secrets-managers/secrets-manager-directory.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Tables } from '../storage/store.ts';
import { chooseToUse, isRefusal, noSecret } from './choose-secret.ts';
import type { Refusal } from './choose-secret.ts';
import type { SecretAsker } from './secret-asker.ts';
import type { FoundSecret } from './secret-store.ts';

/** A reference as it was given, what it stands for, and where it is to be used. */
export type FoundItem = { reference: string; found: FoundSecret; place: FoundPlace | null };
/** `refusal` null: not refused by policy, e.g. malformed. */
export type UnreadableItem = { reference: string; error: AppError; refusal: Refusal | null };
export type Findings = { items: FoundItem[]; unreadable: UnreadableItem[] };

/** One caller's references. */
export type ReadRequest = {
  references: readonly string[];
  asker: SecretAsker;
  /** How a value that is too large for this way can be had; left out: by a download. */
  largeHint?: string;
};

/** All values of one answer together: they have to fit into one sealed box with their frame. */
const ANSWER_MAX_BYTES = 15 * 1_048_576;
const DOWNLOAD_HINT = 'Read it by POST /v1/secrets/download; `sallyport get` does so by itself.';
/** So many envelopes are loaded at once; each has 1 MiB at most. */
export const LOAD_AT_ONCE = 64;

/** Looks up metadata. */
export async function findItems(tables: Tables, request: ReadRequest): Promise<Findings> {
  const [findings = nothing()] = await lookUp(tables, [request]);
  return findings;
}

/** Looks up envelopes too, for as many items as fit into one answer; the others are unreadable as `value-too-large`. */
export async function findEnvelopes(tables: Tables, request: ReadRequest): Promise<Findings> {
  const [findings = nothing()] = await findEnvelopesOfMany(tables, [request]);
  return findings;
}

/** The same for several requests, in one query each for metadata and envelopes. */
export async function findEnvelopesOfMany(
  tables: Tables,
  requests: readonly ReadRequest[],
): Promise<Findings[]> {
  const all = (await lookUp(tables, requests)).map((findings, index) =>
    withinAnswer(findings, requests[index]?.largeHint ?? DOWNLOAD_HINT),
  );
  const items = all.flatMap((findings) => findings.items);
  for (let at = 0; at < items.length; at += LOAD_AT_ONCE) {
    await loadEnvelopes(tables, items.slice(at, at + LOAD_AT_ONCE));
  }
  return all;
}

/** The secrets managers of these items, each once. @throws {not-found} cannot happen while versions refer to them */
export async function managersOf(
  items: readonly Pick<FoundItem, 'found'>[],
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

export function unresolvedItem({ reference, error }: Omit<UnreadableItem, 'refusal'>): UnresolvedItem {
  return { reference, error: toWireError(error) };
}

type Asked = { reference: string; asked: SecretReference };

/** One query for all requests; findings in their order. */
async function lookUp(tables: Tables, requests: readonly ReadRequest[]): Promise<Findings[]> {
  const parsed = requests.map(({ references }) => parseAll(references));
  const asked = parsed.flatMap((one) => one.asked.map((item) => item.asked));
  const candidates = asked.length === 0 ? [] : await tables.secrets.findMany(asked);
  let at = 0;
  return parsed.map(({ asked: ofRequest, findings }, index) => {
    const { asker } = requests[index] as ReadRequest;
    for (const item of ofRequest) {
      const choice = chooseToUse(item.asked, candidates[at++] ?? [], asker);
      const { reference } = item;
      if (isRefusal(choice)) findings.unreadable.push({ reference, error: choice.error, refusal: choice });
      else findings.items.push({ reference, ...choice });
    }
    return findings;
  });
}

/** Puts the envelopes of these items in. */
export async function loadEnvelopes(tables: Tables, items: readonly FoundItem[]): Promise<void> {
  const addresses = items.map(({ found: { secret, version } }) => ({
    secretId: secret.id,
    version: version.version,
  }));
  const envelopes = await tables.secrets.readEnvelopes(addresses);
  for (const [index, { found }] of items.entries()) {
    const envelope = envelopes[index];
    // Within one snapshot a version that was found has its envelope.
    if (envelope) found.version.envelope = envelope;
  }
}

function parseAll(references: readonly string[]): { asked: Asked[]; findings: Findings } {
  const asked: Asked[] = [];
  const findings = nothing();
  for (const reference of references) {
    const parsed = parseOrError(reference);
    if (parsed instanceof AppError) findings.unreadable.push({ reference, error: parsed, refusal: null });
    else asked.push({ reference, asked: parsed });
  }
  return { asked, findings };
}

/** What fits into one answer. The first value that does not fit ends it. */
function withinAnswer(all: Findings, largeHint: string): Findings {
  const fitting: Findings = { items: [], unreadable: [...all.unreadable] };
  let leftBytes = ANSWER_MAX_BYTES;
  for (const item of all.items) {
    const { valueBytes, envelope } = item.found.version;
    const isLarge = valueBytes > TEXT_MAX_BYTES || 'uploadId' in envelope;
    const tooLarge = isLarge ? downloadInstead(largeHint) : valueBytes > leftBytes ? askInParts() : null;
    if (tooLarge === null) {
      leftBytes -= valueBytes;
      fitting.items.push(item);
      continue;
    }
    if (!isLarge) leftBytes = 0;
    fitting.unreadable.push({ reference: item.reference, error: tooLarge, refusal: null });
  }
  return fitting;
}

function parseOrError(reference: string): SecretReference | AppError {
  try {
    return parseSecretReference(reference);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}

function nothing(): Findings {
  return { items: [], unreadable: [] };
}

function downloadInstead(hint: string): AppError {
  return new AppError('value-too-large', {
    publicMessage: `Values above ${TEXT_MAX_BYTES} bytes are not read together with others.`,
    data: { hint },
  });
}

function askInParts(): AppError {
  return new AppError('value-too-large', {
    publicMessage: `The values of one call have at most ${ANSWER_MAX_BYTES} bytes together.`,
    data: { hint: 'Ask for fewer values in one call.' },
  });
}
