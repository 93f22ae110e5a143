// Availability as people write it: `fresh`, `stale-ok 15m`, `offline 24h`. Without schemas, so that a client need not load those.
import type { Availability } from './availability.ts';
import { AVAILABILITY_MAX_SECONDS } from './limits.ts';

/** What a secret has that nobody gave another one. */
export const FRESH: Availability = { mode: 'fresh' };

const UNIT_SECONDS = { d: 86_400, h: 3600, m: 60, s: 1 } as const;
type Unit = keyof typeof UNIT_SECONDS;
const WRITTEN = /^(?:(?<fresh>fresh)|(?<mode>stale-ok|offline) +(?<count>[1-9]\d{0,5})(?<unit>[smhd]))$/;

/** `fresh`, `stale-ok 90s`, `offline 7d`; null: it is none of these, or too long. */
export function parseAvailability(text: string): Availability | null {
  const { fresh, mode, count, unit } = WRITTEN.exec(text.trim())?.groups ?? {};
  if (fresh !== undefined) return FRESH;
  if (mode === undefined || unit === undefined) return null;
  const maxAgeSeconds = Number(count) * UNIT_SECONDS[unit as Unit];
  return maxAgeSeconds > AVAILABILITY_MAX_SECONDS
    ? null
    : { mode: mode as 'stale-ok' | 'offline', maxAgeSeconds };
}

/** As `parseAvailability` reads it. */
export function printAvailability(availability: Availability): string {
  const { mode } = availability;
  return mode === 'fresh' ? mode : `${mode} ${printAge(availability.maxAgeSeconds)}`;
}

/** In the largest unit that gives a whole number; hours up to a day and a half, as people say `24h`. */
function printAge(seconds: number): string {
  const units = (Object.keys(UNIT_SECONDS) as Unit[]).filter(
    (unit) => unit !== 'd' || seconds > UNIT_SECONDS.d,
  );
  const unit = units.find((one) => seconds % UNIT_SECONDS[one] === 0) ?? 's';
  return `${seconds / UNIT_SECONDS[unit]}${unit}`;
}

/** Whether both say the same. */
export function isSameAvailability(one: Availability, other: Availability): boolean {
  return printAvailability(one) === printAvailability(other);
}
