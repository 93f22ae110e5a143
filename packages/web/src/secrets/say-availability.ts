// For how long a secret may be served without the server, in words.
import type { Availability } from '@sallyport/protocol';

type Unit = { seconds: number; one: string; many: string };

/** What ages are said and chosen in, the largest first. */
export const UNITS: readonly [Unit, Unit, Unit, Unit] = [
  { seconds: 86_400, one: 'day', many: 'days' },
  { seconds: 3600, one: 'hour', many: 'hours' },
  { seconds: 60, one: 'minute', many: 'minutes' },
  { seconds: 1, one: 'second', many: 'seconds' },
];

/** E.g. `May be up to 15 minutes old while the server is away`. */
export function sayAvailability(availability: Availability): string {
  if (availability.mode === 'fresh') return 'The server is asked each time';
  const age = `May be up to ${sayAge(availability.maxAgeSeconds)} old while the server is away`;
  return availability.mode === 'offline' ? `${age}, also after the delegate restarts` : age;
}

/** An age in the largest unit that gives a whole number. */
export function ageOf(seconds: number): { count: number; unit: Unit } {
  const unit = UNITS.find((one) => seconds % one.seconds === 0) ?? UNITS[3];
  return { count: seconds / unit.seconds, unit };
}

function sayAge(seconds: number): string {
  const { count, unit } = ageOf(seconds);
  return `${count} ${count === 1 ? unit.one : unit.many}`;
}
