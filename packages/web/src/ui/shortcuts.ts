// Keys that do something wherever the focus is, except while somebody types. A shortcut is one key, or two in a row such as `g s`.

export type Shortcut = {
  /** E.g. `/`, `?`, `g s`. */
  keys: string;
  /** What it does, as the help lists it. */
  label: string;
  run: () => void;
};

type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target' | 'defaultPrevented' | 'preventDefault'
>;

/** How long the first key of two waits for the second, in milliseconds. */
const PAUSE_MS = 1200;

/** Where keys belong to what has the focus. */
const TYPING = 'input, textarea, select, [contenteditable="true"], [role="dialog"]';

export class Shortcuts {
  readonly #listeners = new Set<() => void>();
  #all: readonly Shortcut[] = [];
  #first: { key: string; atMs: number } | null = null;

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** For `useSyncExternalStore`: those that there are now, the latest last. */
  readonly list = (): readonly Shortcut[] => this.#all;

  /** @returns takes it away again. Of two with the same keys, the later one counts. */
  add(shortcut: Shortcut): () => void {
    this.#change([...this.#all, shortcut]);
    return () => this.#change(this.#all.filter((one) => one !== shortcut));
  }

  /** Handles a key press of the window. */
  press(event: KeyPress, nowMs: number): void {
    const { key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || key.length !== 1) return;
    if (isTyping(event.target)) {
      this.#first = null;
      return;
    }
    const first = this.#first !== null && nowMs - this.#first.atMs < PAUSE_MS ? this.#first.key : null;
    this.#first = { key, atMs: nowMs };
    const found = this.#find(first === null ? key : `${first} ${key}`) ?? this.#find(key);
    if (found === undefined) return;
    this.#first = null;
    // The key must not end up in the field that it leads to.
    event.preventDefault();
    found.run();
  }

  #find(keys: string): Shortcut | undefined {
    return this.#all.findLast((shortcut) => shortcut.keys === keys);
  }

  #change(all: readonly Shortcut[]): void {
    this.#all = all;
    for (const listener of this.#listeners) listener();
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (target === null || !('closest' in target)) return false;
  return (target as Element).closest(TYPING) !== null;
}
