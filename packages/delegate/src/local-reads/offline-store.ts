// What outlives a restart: grants of availability `offline` with their envelopes, and the settings of the secrets managers that open
// them. A folder in the data folder, one file per entry; envelopes stay wrapped, so that without the key service the files open nothing.
// Nothing read from here is served before its grant has been verified.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isAppError } from '@sallyport/core';
import type { SecretsManagerId } from '@sallyport/core';
import type { LocalGrant, SignedLocalGrant } from '@sallyport/protocol';
import { codeOf, readPrivateFile, replacePrivateFile } from '../data-folder/private-file.ts';
import type { ConfiguredManager } from '../key-providers/configured-managers.ts';
import type { Logger } from '../log/logger.ts';
import type { Time } from '../time/time.ts';
import type { GrantKey } from './grant-book.ts';
import type { HeldGrant } from './held-grant.ts';
import {
  grantFileName,
  isGrantFileName,
  isManagerFileName,
  managerFileContent,
  managerFileName,
  readGrantFile,
  readManagerFile,
} from './offline-files.ts';

/** An entry as read: nothing of it is verified. */
export type StoredGrant = { signed: SignedLocalGrant; envelope: Buffer; confirmedAtMs: number };

export type OfflineStoreOptions = {
  path: string;
  maxEntries: number;
  time: Pick<Time, 'nowMs'>;
  logger: Logger;
};

type Known = {
  readonly callerHash: string;
  readonly secretsManagerId: SecretsManagerId;
  readonly confirmedAtMs: number;
  readonly expiresAtMs: number;
  readonly envelopeHash: string;
};

/** A confirmation is written again once the one on disk is this old, or a tenth of its age: not every few seconds for every secret. */
const REWRITE_AFTER_MS = 60_000;

export class OfflineStore {
  readonly #options: OfflineStoreOptions;
  /** By file name, oldest confirmation first. */
  readonly #known = new Map<string, Known>();
  readonly #managers = new Map<SecretsManagerId, ConfiguredManager>();
  /** Whatever touches the folder, one after the other: what is forgotten stays forgotten. */
  #turn: Promise<unknown> = Promise.resolve();
  #isReported = false;

  private constructor(options: OfflineStoreOptions) {
    this.#options = options;
  }

  /** Makes the folder when it is missing, and reads what is in it; entries that are over or damaged are removed. */
  static async open(options: OfflineStoreOptions): Promise<OfflineStore> {
    await mkdir(options.path, { recursive: true, mode: 0o700 });
    const store = new OfflineStore(options);
    const read = await Promise.all((await readdir(options.path)).map(async (name) => store.#load(name)));
    const grants = read
      .filter((entry) => entry !== null)
      .sort((a, b) => a.known.confirmedAtMs - b.known.confirmedAtMs);
    for (const { name, known } of grants) store.#known.set(name, known);
    await store.#inTurn(async () => store.#bound());
    return store;
  }

  /** Secrets managers whose settings are here. */
  get managers(): readonly ConfiguredManager[] {
    return [...this.#managers.values()];
  }

  has(key: GrantKey): boolean {
    const known = this.#known.get(grantFileName(key));
    return known !== undefined && this.#options.time.nowMs() < known.expiresAtMs;
  }

  /** Null: there is none. */
  async read(key: GrantKey): Promise<StoredGrant | null> {
    const name = grantFileName(key);
    return this.#inTurn(async () => {
      if (!this.#known.has(name)) return null;
      const content = await this.#readFile(name);
      const entry = content === null ? null : readGrantFile(content, name);
      if (entry === null) return null;
      const { grant: signed, envelope, confirmedAtMs } = entry.file;
      return { signed, envelope: Buffer.from(envelope, 'base64'), confirmedAtMs };
    });
  }

  /** Keeps a confirmed grant, unless its secrets manager has settings that are not written to disk. Failures are logged: the
   * read that it is about has its answer. */
  async keep(key: GrantKey, held: HeldGrant, manager: ConfiguredManager): Promise<void> {
    const name = grantFileName(key);
    if (!this.#isWorthWriting(name, held)) return;
    await this.#inTurn(async () => {
      if (!(await this.#keepManager(manager))) return;
      const { callerHash, reference } = key;
      const confirmedAtMs = Math.round(held.confirmation.atMs);
      const entry = { version: 1, callerHash, reference, confirmedAtMs, grant: held.signed };
      const content = JSON.stringify({ ...entry, envelope: held.envelope.toString('base64') });
      this.#known.delete(name);
      this.#known.set(name, knownOf(held.grant, confirmedAtMs));
      await replacePrivateFile(this.#pathOf(name), Buffer.from(content));
      await this.#bound();
    }).catch((thrown: unknown) => this.#report(thrown));
  }

  async forget(key: GrantKey): Promise<void> {
    const wanted = grantFileName(key);
    await this.#forgetWhere((_known, name) => name === wanted);
  }

  async forgetCaller(callerHash: string): Promise<void> {
    await this.#forgetWhere((known) => known.callerHash === callerHash);
  }

  /** Its settings as well. */
  async forgetManager(secretsManagerId: SecretsManagerId): Promise<void> {
    await this.#forgetWhere((known) => known.secretsManagerId === secretsManagerId);
    if (!this.#managers.delete(secretsManagerId)) return;
    await this.#inTurn(async () => this.#remove(managerFileName(secretsManagerId)));
  }

  async forgetAll(): Promise<void> {
    await this.#forgetWhere(() => true);
    for (const { secretsManagerId } of this.managers) await this.forgetManager(secretsManagerId);
  }

  /** The server has sent settings: if the ones before are here, these take their place. */
  async configured(manager: ConfiguredManager): Promise<void> {
    const { secretsManagerId } = manager;
    if (!this.#managers.has(secretsManagerId)) return;
    const kept = await this.#inTurn(async () => this.#keepManager(manager)).catch((thrown: unknown) => {
      this.#report(thrown);
      return true;
    });
    if (!kept) await this.forgetManager(secretsManagerId);
  }

  /** Resolves when what was begun before has ended. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  async #load(name: string): Promise<{ name: string; known: Known } | null> {
    const content = isGrantFileName(name) || isManagerFileName(name) ? await this.#readFile(name) : null;
    const manager = content === null ? null : readManagerFile(content, name);
    if (manager !== null) {
      this.#managers.set(manager.secretsManagerId, manager);
      return null;
    }
    const entry = content === null ? null : readGrantFile(content, name);
    if (entry !== null && this.#options.time.nowMs() < entry.grant.expiresAtMs) {
      return { name, known: knownOf(entry.grant, entry.file.confirmedAtMs) };
    }
    await this.#remove(name);
    return null;
  }

  /** False: these settings are not written to disk. */
  async #keepManager(manager: ConfiguredManager): Promise<boolean> {
    const { secretsManagerId } = manager;
    const known = this.#managers.get(secretsManagerId);
    if (known?.revision === manager.revision && isDeepStrictEqual(known.access, manager.access)) return true;
    const content = managerFileContent(manager);
    if (content === null) return false;
    await replacePrivateFile(this.#pathOf(managerFileName(secretsManagerId)), content);
    this.#managers.set(secretsManagerId, manager);
    return true;
  }

  #isWorthWriting(name: string, { grant, confirmation }: HeldGrant): boolean {
    const known = this.#known.get(name);
    if (known === undefined || known.envelopeHash !== grant.envelopeHash) return true;
    const ageMs = grant.expiresAtMs - grant.issuedAtMs;
    return confirmation.atMs - known.confirmedAtMs >= Math.min(REWRITE_AFTER_MS, ageMs / 10);
  }

  /** Removes what is over, and the oldest of what is too much. */
  async #bound(): Promise<void> {
    const nowMs = this.#options.time.nowMs();
    for (const [name, known] of this.#known) {
      const isTooMuch = this.#known.size > this.#options.maxEntries;
      if (!isTooMuch && nowMs < known.expiresAtMs) continue;
      this.#known.delete(name);
      await this.#remove(name);
    }
  }

  async #forgetWhere(isMeant: (known: Known, name: string) => boolean): Promise<void> {
    // At once, so that nobody is served from it, and again in turn: an entry may be being written right now.
    const names = this.#dropWhere(isMeant);
    await this.#inTurn(async () => {
      for (const name of [...names, ...this.#dropWhere(isMeant)]) await this.#remove(name);
    });
  }

  #dropWhere(isMeant: (known: Known, name: string) => boolean): string[] {
    const names: string[] = [];
    for (const [name, known] of this.#known) if (isMeant(known, name)) names.push(name);
    for (const name of names) this.#known.delete(name);
    return names;
  }

  async #readFile(name: string): Promise<Buffer | null> {
    try {
      return await readPrivateFile(this.#pathOf(name));
    } catch (thrown) {
      // Open to others, or not readable: then it is not ours to believe.
      if (isAppError(thrown)) return null;
      throw thrown;
    }
  }

  async #remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true }).catch((thrown: unknown) => this.#report(thrown));
  }

  #pathOf(name: string): string {
    return join(this.#options.path, name);
  }

  #report(thrown: unknown): void {
    if (this.#isReported) return;
    this.#isReported = true;
    const reason = codeOf(thrown) ?? 'unknown reason';
    this.#options.logger.error(
      { reason, folder: this.#options.path },
      'secrets for offline use cannot be kept on disk',
    );
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function knownOf(grant: LocalGrant, confirmedAtMs: number): Known {
  const { callerHash, secretsManagerId, expiresAtMs, envelopeHash } = grant;
  return { callerHash, secretsManagerId, confirmedAtMs, expiresAtMs, envelopeHash };
}
