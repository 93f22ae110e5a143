// Known delegates in a browser's storage: names and fingerprints, nothing else. All pages of one server share it, so it is changed under
// a lock where the browser has one.
import { AppError } from '@sallyport/core';
import { isSameName } from './known-delegates.ts';
import type { KnownDelegate, KnownDelegates } from './known-delegates.ts';

/** The part of a browser's `localStorage` that is needed. */
export type TextStorage = {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
};

/** Runs `change` while no other page of this browser runs one. */
export type StorageLock = <T>(change: () => Promise<T>) => Promise<T>;

/** Under which key of the storage they are. */
export const KNOWN_DELEGATES_KEY = 'sallyport.known-delegates';

type Entry = KnownDelegate & { addedAtMs: number };

/** Known delegates in a browser's storage, with what a person does to them. */
export class StoredKnownDelegates implements KnownDelegates {
  readonly #storage: TextStorage;
  readonly #lock: StorageLock;

  constructor(storage: TextStorage, lock: StorageLock = async (change) => change()) {
    this.#storage = storage;
    this.#lock = lock;
  }

  async fingerprintsOf(delegate: Omit<KnownDelegate, 'fingerprint'>): Promise<readonly string[]> {
    return fingerprintsIn(this.#read(), delegate);
  }

  async rememberFirst(delegate: KnownDelegate): Promise<readonly string[]> {
    return this.#lock(async () => {
      const entries = this.#read();
      const known = fingerprintsIn(entries, delegate);
      if (known.length > 0) return known;
      this.#write([...entries, entryOf(delegate)]);
      return [delegate.fingerprint];
    });
  }

  /** All entries, in the order in which they were added. @throws {config-invalid} when what is stored is damaged */
  list(): readonly (KnownDelegate & { addedAtMs: number })[] {
    return this.#read();
  }

  /** Trusts a fingerprint on a person's word, in place of all that were known under that name. */
  async replace(delegate: KnownDelegate): Promise<void> {
    await this.#lock(async () => {
      const kept = this.#read().filter((entry) => !isSameName(entry, delegate));
      this.#write([...kept, entryOf(delegate)]);
    });
  }

  /** Forgets what is known under a name. */
  async forget(delegate: Omit<KnownDelegate, 'fingerprint'>): Promise<void> {
    await this.#lock(async () => {
      this.#write(this.#read().filter((entry) => !isSameName(entry, delegate)));
    });
  }

  #read(): Entry[] {
    const text = this.#storage.getItem(KNOWN_DELEGATES_KEY);
    if (text === null) return [];
    try {
      return entriesIn(JSON.parse(text));
    } catch (error) {
      // Not the same as empty: then every key in a delegate's place would be welcome.
      throw new AppError('config-invalid', {
        publicMessage:
          'What this browser remembers of delegates is damaged, so none of them can be recognised.',
        data: {
          hint: "Clear this site's data in the browser, then compare the fingerprints of the delegates anew.",
        },
        cause: error,
      });
    }
  }

  #write(delegates: readonly Entry[]): void {
    this.#storage.setItem(KNOWN_DELEGATES_KEY, JSON.stringify({ version: 1, delegates }));
  }
}

/** By hand: a page that only shows delegates needs no schemas. @throws {Error} when it is anything but the known form */
function entriesIn(content: unknown): Entry[] {
  if (!isObject(content) || content['version'] !== 1 || !Array.isArray(content['delegates'])) {
    throw new Error('unknown form');
  }
  return content['delegates'].map((entry: unknown) => {
    if (!isObject(entry)) throw new Error('an entry is none');
    const { server, name, fingerprint, addedAtMs } = entry;
    if (typeof server !== 'string' || typeof name !== 'string') throw new Error('an entry names nobody');
    if (typeof fingerprint !== 'string' || !/^SHA256:[A-Za-z0-9_-]{43}$/.test(fingerprint)) {
      throw new Error('an entry has no fingerprint');
    }
    if (!Number.isSafeInteger(addedAtMs)) throw new Error('an entry has no time');
    return { server, name, fingerprint, addedAtMs: addedAtMs as number };
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fingerprintsIn(entries: readonly Entry[], delegate: Omit<KnownDelegate, 'fingerprint'>): string[] {
  return entries.filter((entry) => isSameName(entry, delegate)).map((entry) => entry.fingerprint);
}

function entryOf({ server, name, fingerprint }: KnownDelegate): Entry {
  return { server, name, fingerprint, addedAtMs: Date.now() };
}
