// Looks up envelopes for reads. Small requests that arrive in one turn of the event loop share one snapshot and its queries, which is
// most of what they cost; a large one has its own.
import type { Store } from '../storage/store.ts';
import { findEnvelopes, findEnvelopesOfMany, LOAD_AT_ONCE } from './find-readable.ts';
import type { Findings, ReadRequest } from './find-readable.ts';

type Waiting = {
  request: ReadRequest;
  resolve: (findings: Findings) => void;
  reject: (thrown: unknown) => void;
};

/** References of a request that may share a query. */
const SMALL_MAX = 4;

export class EnvelopeLookups {
  readonly #store: Store;
  #waiting: Waiting[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** As `findEnvelopes`. */
  async find(request: ReadRequest): Promise<Findings> {
    if (request.references.length > SMALL_MAX) {
      return this.#store.read(async (tables) => findEnvelopes(tables, request));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Findings>();
    if (this.#waiting.length === 0) {
      setImmediate(() => {
        void this.#readAll();
      });
    }
    this.#waiting.push({ request, resolve, reject });
    return promise;
  }

  async #readAll(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const atOnce = LOAD_AT_ONCE / SMALL_MAX;
    for (let at = 0; at < waiting.length; at += atOnce) await this.#readSome(waiting.slice(at, at + atOnce));
  }

  async #readSome(some: readonly Waiting[]): Promise<void> {
    const requests = some.map(({ request }) => request);
    try {
      const found = await this.#store.read(async (tables) => findEnvelopesOfMany(tables, requests));
      for (const [i, { resolve }] of some.entries()) resolve(found[i] ?? { items: [], unreadable: [] });
    } catch (thrown) {
      for (const { reject } of some) reject(thrown);
    }
  }
}
