// Notices that a session has ended, whichever request found out, so that the person can sign in again without losing the page.

export class SessionWatch {
  readonly #listeners = new Set<() => void>();
  #hasEnded = false;

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** For `useSyncExternalStore`. */
  readonly hasEnded = (): boolean => this.#hasEnded;

  /** The server no longer knows the session. */
  ended(): void {
    this.#set(true);
  }

  /** There is a session again. */
  begun(): void {
    this.#set(false);
  }

  #set(hasEnded: boolean): void {
    if (this.#hasEnded === hasEnded) return;
    this.#hasEnded = hasEnded;
    for (const listener of this.#listeners) listener();
  }
}
