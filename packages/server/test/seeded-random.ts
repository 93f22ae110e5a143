// Random choices that a seed repeats: for tests that try many accounts and requests, and have to be run again as they failed.

export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, below `limit`. The generator is mulberry32: small, and even enough for choosing among a few things. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error('there is nothing to pick from');
    return from[this.below(from.length)] as T;
  }

  /** `null` when there is nothing. */
  pickOrNull<T>(from: readonly T[]): T | null {
    return from.length === 0 ? null : this.pick(from);
  }

  /** As `pickOrNull`, but half of the time one of those that are `liked`, where there are any. */
  pickLiked<T>(from: readonly T[], liked: (one: T) => boolean): T | null {
    const good = this.chance(0.5) ? from.filter(liked) : [];
    return this.pickOrNull(good.length > 0 ? good : from);
  }

  /** Some of them in their order, at least `min` where there are as many. */
  some<T>(from: readonly T[], min = 0): T[] {
    const chosen = new Set(from.filter(() => this.chance(0.5)));
    while (chosen.size < Math.min(min, from.length)) chosen.add(this.pick(from));
    return from.filter((one) => chosen.has(one));
  }

  /** One of the thunks, as often as its weight says. */
  weighted<T>(...choices: readonly (readonly [weight: number, make: () => T])[]): T {
    let left = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of choices) {
      if (left < weight) return make();
      left -= weight;
    }
    throw new Error('weights do not add up');
  }

  /** A name that no other name contains. */
  word(prefix: string): string {
    const letters = Array.from({ length: 8 }, () => 'bcdfghjkmnpqrstvwxz'[this.below(19)]);
    return `${prefix}-${letters.join('')}`;
  }
}
