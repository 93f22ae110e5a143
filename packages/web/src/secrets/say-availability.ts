// For how long a secret may be served without the server, in words.
import type { Availability } from '@sallyport/protocol';

const UNITS = [
  { seconds: 86_400, one: 'day', many: 'days' },
  { seconds: 3600, one: 'hour', many: 'hours' },
  { seconds: 60, one: 'minute', many: 'minutes' },
  { seconds: 1, one: 'second', many: 'seconds' },
] as const;

/** E.g. `May be up to 15 minutes old if the server is away`. */
export function sayAvailability(availability: Availability): string {
  if (availability.mode === 'fresh') return 'The server is asked each time';
  const age = `May be up to ${sayAge(availability.maxAgeSeconds)} old if the server is away`;
  return availability.mode === 'offline' ? `${age}, also after the delegate restarts` : age;
}

/** In the largest unit that gives a whole number. */
function sayAge(seconds: number): string {
  const unit = UNITS.find((one) => seconds % one.seconds === 0) ?? UNITS[3];
  const count = seconds / unit.seconds;
  return `${count} ${count === 1 ? unit.one : unit.many}`;
}
