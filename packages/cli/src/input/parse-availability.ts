// How long a secret may be served by delegates without the server, as it is given on the command line.
import { AVAILABILITY_MAX_SECONDS, parseAvailability } from '@sallyport/protocol/client';
import type { Availability } from '@sallyport/protocol';
import { usageError } from '../command-line/usage-error.ts';

const MAX_DAYS = AVAILABILITY_MAX_SECONDS / 86_400;

/** For help: what can be given. */
export const AVAILABILITY_DETAILS = [
  'fresh (default): each read asks the server.',
  'stale-ok AGE: a delegate may serve it from memory for so long after the server last confirmed it, should the server be away.',
  'offline AGE: the same, and from its disk too, still encrypted, after the delegate was restarted.',
  `AGE is a whole number and a unit, such as 90s, 15m, 24h or 7d; at most ${MAX_DAYS}d. While the server is away, a withdrawn right acts only when the age has passed.`,
];

/** @throws {invalid-request} */
export function readAvailability(text: string): Availability {
  const availability = parseAvailability(text);
  if (availability !== null) return availability;
  throw usageError(
    `"${text}" is no availability.`,
    `Give fresh, "stale-ok AGE" or "offline AGE" in quotes; AGE is such as 90s, 15m, 24h or 7d, and at most ${MAX_DAYS}d.`,
  );
}
