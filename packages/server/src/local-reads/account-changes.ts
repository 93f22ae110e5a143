// Tells those who follow it that something was committed on which decisions about reads stand: rights, keys, groups, the catalogue,
// secrets, their versions, secrets managers. What it was, is not told: whoever follows asks anew.

export class AccountChanges {
  readonly #followers: (() => void)[] = [];
  #count = 0;

  /** How many changes there have been in this process. */
  get count(): number {
    return this.#count;
  }

  /** To be called after the commit, once what was kept of the state before has been forgotten. */
  announce(): void {
    this.#count += 1;
    for (const follower of this.#followers) follower();
  }

  follow(follower: () => void): void {
    this.#followers.push(follower);
  }
}
