// For how long a secret may be served without the server, while somebody chooses it.
import { AVAILABILITY_MAX_SECONDS, FRESH } from '@sallyport/protocol/client';
import type { Availability } from '@sallyport/protocol';
import { ageOf, UNITS } from './say-availability.ts';

/** What was chosen of the age stays while another mode is tried. */
export type AvailabilityDraft = {
  mode: Availability['mode'];
  /** As it is typed. */
  count: string;
  /** How many seconds one of them is. */
  unitSeconds: number;
};

const SUGGESTED_AGE = { count: '15', unitSeconds: 60 };
const MAX_DAYS = AVAILABILITY_MAX_SECONDS / 86_400;

export function availabilityDraftOf(availability: Availability): AvailabilityDraft {
  if (availability.mode === 'fresh') return { mode: 'fresh', ...SUGGESTED_AGE };
  const { count, unit } = ageOf(availability.maxAgeSeconds);
  return { mode: availability.mode, count: String(count), unitSeconds: unit.seconds };
}

/** What is wrong with the age, for a person; null: nothing, or there is none. */
export function ageComplaint({ mode, count, unitSeconds }: AvailabilityDraft): string | null {
  if (mode === 'fresh') return null;
  if (!/^[1-9]\d*$/.test(count.trim())) return 'Give a whole number, at least 1.';
  if (Number(count) * unitSeconds <= AVAILABILITY_MAX_SECONDS) return null;
  const most = AVAILABILITY_MAX_SECONDS / unitSeconds;
  const name = UNITS.find(({ seconds }) => seconds === unitSeconds)?.many ?? 'seconds';
  const inDays = name === 'days' ? '' : `, which is ${MAX_DAYS} days`;
  return `At most ${most.toLocaleString('en')} ${name}${inDays}.`;
}

/** What it comes to; null while the age is none. */
export function availabilityOf(draft: AvailabilityDraft): Availability | null {
  if (draft.mode === 'fresh') return FRESH;
  if (ageComplaint(draft) !== null) return null;
  return { mode: draft.mode, maxAgeSeconds: Number(draft.count) * draft.unitSeconds };
}
