// Notices that a session has ended, whichever request found out, so that the person can sign in again without losing the page. Pages of
// one browser have their session in common, so they tell each other when there is one again.

/** What reaches the other pages of this browser. */
export type SessionChannel = Pick<BroadcastChannel, 'postMessage' | 'addEventListener'>;

const BEGUN = 'begun';

export class SessionWatch {
  readonly #listeners = new Set<() => void>();
  readonly #elsewhere = new Set<() => void>();
  readonly #channel: SessionChannel | null;
  #hasEnded = false;

  /** @param channel null: there are no other pages */
  constructor(channel: SessionChannel | null = null) {
    this.#channel = channel;
    channel?.addEventListener('message', ({ data }: { data: unknown }) => {
      if (data !== BEGUN || !this.#hasEnded) return;
      for (const listener of this.#elsewhere) listener();
    });
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** For `useSyncExternalStore`. */
  readonly hasEnded = (): boolean => this.#hasEnded;

  /** Calls the listener when this page has none and another one says that there is a session: whose it is has to be asked. */
  onBegunElsewhere(listener: () => void): () => void {
    this.#elsewhere.add(listener);
    return () => this.#elsewhere.delete(listener);
  }

  /** The server no longer knows the session. */
  ended(): void {
    this.#set(true);
  }

  /** There is a session again. */
  begun(): void {
    this.#set(false);
    this.#channel?.postMessage(BEGUN);
  }

  #set(hasEnded: boolean): void {
    if (this.#hasEnded === hasEnded) return;
    this.#hasEnded = hasEnded;
    for (const listener of this.#listeners) listener();
  }
}
