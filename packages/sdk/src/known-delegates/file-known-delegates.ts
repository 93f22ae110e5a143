// Known delegates in a file of the user's: JSON that a person can read and compare, mode 0600, replaced as a whole, changed under a
// lock so that programs that run at the same time lose nothing. What changes it is loaded only then: nearly every program only reads.
import { readFile } from 'node:fs';
import { AppError } from '@sallyport/core';
import { isSameName } from './known-delegates.ts';
import type { KnownDelegate, KnownDelegates } from './known-delegates.ts';

type Entry = KnownDelegate & { addedAt: string };

const FINGERPRINT = /^SHA256:[A-Za-z0-9_-]{43}$/;

/** Known delegates in a file, with what a person does to them. */
export class FileKnownDelegates implements KnownDelegates {
  readonly path: string;

  /** The file and its folder are made when something is to be remembered. */
  constructor(path: string) {
    this.path = path;
  }

  async fingerprintsOf(delegate: Omit<KnownDelegate, 'fingerprint'>): Promise<readonly string[]> {
    return fingerprintsIn(await this.#read(), delegate);
  }

  async rememberFirst(delegate: KnownDelegate): Promise<readonly string[]> {
    return this.#change((entries) => {
      const known = fingerprintsIn(entries, delegate);
      return known.length > 0
        ? { entries: null, outcome: known }
        : { entries: [...entries, entryOf(delegate)], outcome: [delegate.fingerprint] };
    });
  }

  /** All entries, in the order in which they were added. @throws {config-invalid} when the file is damaged */
  async list(): Promise<readonly (KnownDelegate & { addedAt: string })[]> {
    return this.#read();
  }

  /**
   * Adds a fingerprint to a name on a person's word. `replace` drops the ones that were known under that name.
   * @returns the fingerprints that were dropped
   */
  async trust(delegate: KnownDelegate, options: { replace: boolean }): Promise<readonly string[]> {
    return this.#change((entries) => {
      const dropped = options.replace
        ? fingerprintsIn(entries, delegate).filter((fingerprint) => fingerprint !== delegate.fingerprint)
        : [];
      const kept = entries.filter(
        (entry) =>
          !isSameName(entry, delegate) ||
          (entry.fingerprint !== delegate.fingerprint && !dropped.includes(entry.fingerprint)),
      );
      return { entries: [...kept, entryOf(delegate)], outcome: dropped };
    });
  }

  /** Forgets what is known under a name, or one of its fingerprints. @returns how many entries were dropped */
  async forget(
    delegate: Omit<KnownDelegate, 'fingerprint'> & { fingerprint: string | null },
  ): Promise<number> {
    return this.#change((entries) => {
      const kept = entries.filter(
        (entry) =>
          !isSameName(entry, delegate) ||
          (delegate.fingerprint !== null && delegate.fingerprint !== entry.fingerprint),
      );
      const dropped = entries.length - kept.length;
      return { entries: dropped === 0 ? null : kept, outcome: dropped };
    });
  }

  async #read(): Promise<Entry[]> {
    const text = await textOf(this.path).catch((error: unknown) => {
      throw this.#unusable('it cannot be read', error);
    });
    if (text === null) return [];
    try {
      return entriesOf(JSON.parse(text));
    } catch (error) {
      // Not the same as empty: then every key in a delegate's place would be welcome.
      throw this.#unusable('it is damaged', error);
    }
  }

  async #change<T>(change: (entries: Entry[]) => { entries: Entry[] | null; outcome: T }): Promise<T> {
    const { replaceFile, withFileLock } = await import('./changed-file.ts');
    return withFileLock(this.path, async () => {
      const { entries, outcome } = change(await this.#read());
      if (entries !== null) {
        const content = `${JSON.stringify({ version: 1, delegates: entries }, null, 2)}\n`;
        await replaceFile(this.path, content).catch((error: unknown) => {
          throw this.#unusable('it cannot be written', error);
        });
      }
      return outcome;
    });
  }

  #unusable(why: string, cause: unknown): AppError {
    return new AppError('config-invalid', {
      publicMessage: `The file of known delegates, ${this.path}, cannot be used: ${why}.`,
      data: { hint: 'Repair it, or move it away and trust the delegates again by their fingerprints.' },
      cause,
    });
  }
}

/** The entries of the file. @throws when it is of another form */
function entriesOf(content: unknown): Entry[] {
  const { version, delegates } = content as { version?: unknown; delegates?: unknown };
  if (version === 1 && Array.isArray(delegates) && delegates.every(isEntry)) return delegates;
  throw new TypeError('not a list of known delegates');
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { server, name, fingerprint, addedAt } = value as Record<string, unknown>;
  const areTexts = [server, name, fingerprint, addedAt].every((text) => typeof text === 'string');
  return areTexts && FINGERPRINT.test(fingerprint as string) && !Number.isNaN(Date.parse(addedAt as string));
}

function fingerprintsIn(entries: readonly Entry[], delegate: Omit<KnownDelegate, 'fingerprint'>): string[] {
  return entries.filter((entry) => isSameName(entry, delegate)).map((entry) => entry.fingerprint);
}

function entryOf(delegate: KnownDelegate): Entry {
  const { server, name, fingerprint } = delegate;
  return { server, name, fingerprint, addedAt: new Date().toISOString() };
}

/** null: there is none. */
function textOf(path: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    readFile(path, 'utf8', (error, text) => {
      if (error === null) resolve(text);
      else if (error.code === 'ENOENT') resolve(null);
      else reject(error);
    });
  });
}
