// Times, spans and sizes in words.
const SECOND_MS = 1000;
const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400 * SECOND_MS],
  ['hour', 3600 * SECOND_MS],
  ['minute', 60 * SECOND_MS],
];
/** Older or further away than that: the date says more. */
const FAR_MS = 30 * 86_400 * SECOND_MS;
const JUST_NOW_MS = 45 * SECOND_MS;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** E.g. `just now`, `5 minutes ago`, `in 2 hours`, `2026-03-01`. */
export function sayTime(atMs: number, nowMs: number): string {
  const distanceMs = atMs - nowMs;
  if (Math.abs(distanceMs) < JUST_NOW_MS) return distanceMs > 0 ? 'in a moment' : 'just now';
  if (Math.abs(distanceMs) > FAR_MS) return new Date(atMs).toISOString().slice(0, 10);
  const [unit, unitMs] = STEPS.find(([, stepMs]) => Math.abs(distanceMs) >= stepMs) ?? [
    'minute',
    60 * SECOND_MS,
  ];
  return relative.format(Math.trunc(distanceMs / unitMs) || Math.sign(distanceMs), unit);
}

/** E.g. `12 bytes`, `3.4 KiB`, `17 MiB`. */
export function sayBytes(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  const units = ['KiB', 'MiB', 'GiB'];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** E.g. `1 secret`, `1,204 secrets`. */
export function sayCount(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
