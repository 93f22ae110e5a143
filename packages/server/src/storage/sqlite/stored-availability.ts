// Availability as it is stored: JSON text in a column. Few distinct texts stand for all secrets, so each is read once.
import { AvailabilitySchema } from '@sallyport/protocol';
import type { Availability } from '@sallyport/protocol';

const KEPT_MAX = 1000;

const kept = new Map<string, Availability>();

export function parseStoredAvailability(text: string): Availability {
  const known = kept.get(text);
  if (known !== undefined) return known;
  if (kept.size >= KEPT_MAX) kept.clear();
  const parsed = AvailabilitySchema.parse(JSON.parse(text));
  kept.set(text, parsed);
  return parsed;
}
