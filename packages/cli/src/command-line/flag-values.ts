// Values of flags as a command reads them: text, whole numbers, durations, pairs. Refusals name the flag, never the value, since
// somebody may have typed a secret in the wrong place.
import { usageError } from './usage-error.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

export class FlagValues {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** @param values by long name; switches that were given have an empty list */
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Whether the flag was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value, or `null` when the flag was not given. */
  text(name: string): string | null {
    return this.#values.get(name)?.[0] ?? null;
  }

  /** The value of a flag that must be given. @throws {invalid-request} */
  required(name: string): string {
    const value = this.text(name);
    if (value === null) throw usageError(`--${name} is missing.`);
    return value;
  }

  /** All values of a repeatable flag, in order. */
  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** A whole number within bounds, or `null`. @throws {invalid-request} */
  whole(name: string, bounds: { min: number; max: number }): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= bounds.min && value <= bounds.max) return value;
    throw usageError(`--${name} takes a whole number from ${bounds.min} to ${bounds.max}.`);
  }

  /** A duration such as `90d`, `12h`, `30m` or `3600` in seconds, or `null`. @throws {invalid-request} */
  seconds(name: string): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const [, amount = '', unit = ''] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
    const unitSeconds = UNIT_SECONDS[unit];
    if (amount !== '' && unitSeconds !== undefined) return Number(amount) * unitSeconds;
    throw usageError(`--${name} takes a duration such as 90d, 12h, 30m or 3600 (seconds).`);
  }

  /** `key=value` pairs of a repeatable flag. @throws {invalid-request} */
  pairs(name: string): Record<string, string> {
    const pairs: Record<string, string> = {};
    for (const text of this.list(name)) {
      const equals = text.indexOf('=');
      if (equals < 1) throw usageError(`--${name} takes pairs such as stage=prod.`);
      const key = text.slice(0, equals);
      if (Object.hasOwn(pairs, key)) throw usageError(`--${name} has the key "${key}" twice.`);
      pairs[key] = text.slice(equals + 1);
    }
    return pairs;
  }
}
