// Remembers which versions of secrets were released to which caller through which delegate, with a record. A renewal of one of these is no
// news and leaves no record; any other one does, so that nothing goes to a delegate that the trail does not tell of.
import type { SecretId } from '@sallyport/core';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import type { FoundItem } from '../secrets/find-readable.ts';

const KEPT_MAX = 100_000;

export class ReleasedVersions {
  /** The newest version of a secret that was released, by delegate, caller and secret; those that were used last come last. */
  readonly #released = new Map<string, number>();

  /** Whether this version, by these, was released before. */
  has(to: ReleasedTo, item: FoundItem): boolean {
    const key = keyOf(to, item.found.secret.id);
    const version = this.#released.get(key);
    if (version === undefined) return false;
    this.#released.delete(key);
    this.#released.set(key, version);
    return version === item.found.version.version;
  }

  /** To be called once the records are durable. */
  add(to: ReleasedTo, items: readonly FoundItem[]): void {
    for (const { found } of items) {
      const [oldest] = this.#released.keys();
      if (this.#released.size >= KEPT_MAX && oldest !== undefined) this.#released.delete(oldest);
      this.#released.set(keyOf(to, found.secret.id), found.version.version);
    }
  }
}

export type ReleasedTo = { delegate: Pick<DelegateConnection, 'id'>; principal: { id: string } };

function keyOf({ delegate, principal }: ReleasedTo, secretId: SecretId): string {
  return `${delegate.id} ${principal.id} ${secretId}`;
}
