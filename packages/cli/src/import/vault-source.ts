// Reads the newest versions at and below a path of a KV engine of Vault or OpenBao. Every key of a secret there is a row, and so is every
// secret and folder that could not be read or has no value: nothing is left out without a word.
import { AppError } from '@sallyport/core';
import { rowsOf } from './import-row.ts';
import type { Absence, ImportRow } from './import-row.ts';
import type { VaultAccess } from './vault-access.ts';
import { findEngine, listFolder, readSecret } from './vault-engine.ts';
import type { Listing, Reading, VaultEngine } from './vault-engine.ts';
import { VaultHttp } from './vault-http.ts';

const REQUESTS_AT_ONCE = 8;

/** A secret, or a folder that could not be listed. `rows` null: not read yet. */
type Place = { path: string; rows: ImportRow[] | null };

/**
 * @param from.mount where the engine is mounted; null: the path begins with that
 * @throws {not-found} when nothing is there
 * @throws {unreachable} {rate-limited} {forbidden} {config-invalid}
 */
export async function readVault(
  access: VaultAccess,
  from: { mount: string | null; path: string },
): Promise<ImportRow[]> {
  using http = new VaultHttp(access);
  const { engine, path: start } = await findEngine(http, access, from);
  const walk = new Walk(http, engine, start);
  const [own, below] = await Promise.all([
    start === '' ? ({ kind: 'none' } as const) : readSecret(http, engine, start),
    listFolder(http, engine, start),
  ]);
  checkStart(`${engine.mount}/${start}`, own, below);
  const rows = own.kind === 'none' ? [] : walk.rowsOfStart(own, below);
  if (below.kind !== 'none') rows.push(...(await walk.below(below)));
  return rows;
}

/** Whether there is anything to go on with. */
function checkStart(what: string, own: Reading, below: Listing): void {
  const isThere = own.kind === 'data' || own.kind === 'gone' || below.kind === 'keys';
  if (isThere) return;
  if (own.kind === 'none' && below.kind === 'none') {
    throw new AppError('not-found', {
      publicMessage: `There are no secrets at ${what} in Vault.`,
      data: { hint: 'The source is MOUNT/PATH: `vault kv list MOUNT` shows what is there.' },
    });
  }
  const failed = [own, below].find(({ kind }) => kind === 'failed');
  if (failed !== undefined && 'reason' in failed) {
    throw new AppError('unreachable', { publicMessage: `${what} was not imported: ${failed.reason}.` });
  }
  throw new AppError('forbidden', {
    publicMessage: `Vault lets this token neither read ${what} nor list what is below it.`,
    data: {
      hint: 'Its policy needs the capability read on the data of secrets, and list on the metadata of folders.',
    },
  });
}

class Walk {
  readonly #http: VaultHttp;
  readonly #engine: VaultEngine;
  readonly #start: string;

  constructor(http: VaultHttp, engine: VaultEngine, start: string) {
    this.#http = http;
    this.#engine = engine;
    this.#start = start;
  }

  /** The secret at the path itself keeps its own name. */
  rowsOfStart(own: Exclude<Reading, { kind: 'none' }>, below: Listing): ImportRow[] {
    const name = this.#start.split('/').at(-1) ?? '';
    // Policies for what is below a path are seldom for the path itself, where there is hardly ever a secret too.
    if (own.kind === 'refused' && below.kind === 'keys') {
      return [absent([name], { action: 'skip', reason: `${own.reason}, if it is there` })];
    }
    return rowsOfReading(own, [name]);
  }

  /** Everything below the path, in the order of paths. */
  async below(listing: Listing): Promise<ImportRow[]> {
    const places = await this.#placesBelow(listing);
    const waiting = places.filter(({ rows }) => rows === null).values();
    const work = async (): Promise<void> => {
      for (const place of waiting) {
        const reading = await readSecret(this.#http, this.#engine, place.path);
        place.rows = rowsOfReading(reading, this.#relative(place.path));
      }
    };
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work));
    return places.toSorted((a, b) => (a.path < b.path ? -1 : 1)).flatMap(({ rows }) => rows ?? []);
  }

  async #placesBelow(listing: Listing): Promise<Place[]> {
    const places: Place[] = [];
    const folders: string[] = [];
    const take = (folder: string, found: Listing): void => {
      if (found.kind === 'refused' || found.kind === 'failed') {
        places.push({ path: `${folder}/`, rows: [this.#unlisted(folder, found.reason)] });
      }
      if (found.kind !== 'keys') return;
      for (const key of found.keys) {
        const path = folder === '' ? key : `${folder}/${key}`;
        if (key.endsWith('/')) folders.push(path.slice(0, -1));
        else places.push({ path, rows: null });
      }
    };
    take(this.#start, listing);
    for (let some = folders.splice(0, REQUESTS_AT_ONCE); some.length > 0;) {
      const found = await Promise.all(some.map((folder) => listFolder(this.#http, this.#engine, folder)));
      for (const [index, folder] of some.entries()) take(folder, found[index] ?? { kind: 'none' });
      some = folders.splice(0, REQUESTS_AT_ONCE);
    }
    return places;
  }

  #unlisted(folder: string, reason: string): ImportRow {
    if (folder !== this.#start) return absent(this.#relative(`${folder}/`), { action: 'unreadable', reason });
    // Whoever may read one secret and list nothing has asked for that secret.
    const name = folder.split('/').at(-1) ?? '';
    return absent([`${name}/`], { action: 'skip', reason: `${reason}, so nothing below it was looked for` });
  }

  #relative(path: string): string[] {
    const below = path.slice(this.#start === '' ? 0 : this.#start.length + 1);
    const parts = below.split('/').filter((part) => part !== '');
    return below.endsWith('/') ? [...parts.slice(0, -1), `${parts.at(-1) ?? ''}/`] : parts;
  }
}

/** A secret whose only key is `value` is that value. */
function rowsOfReading(reading: Reading, path: readonly string[]): ImportRow[] {
  if (reading.kind === 'data') {
    const { data } = reading;
    const keys = Object.keys(data);
    return keys.length === 1 && keys[0] === 'value'
      ? rowsOf(data['value'] ?? null, path)
      : rowsOf(data, path);
  }
  if (reading.kind === 'none')
    return [absent(path, { action: 'skip', reason: 'it has no version in Vault' })];
  return [absent(path, { action: reading.kind === 'gone' ? 'skip' : 'unreadable', reason: reading.reason })];
}

function absent(path: readonly string[], absence: Absence): ImportRow {
  return { path, value: new Uint8Array(), absence };
}
