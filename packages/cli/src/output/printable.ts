// Text from elsewhere on its way to a terminal. Names and messages may hold control characters that would move the cursor or change
// what was printed before; those are shown as question marks.

/** One line: no control characters, line breaks included. */
export function printableLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** Several lines: as `printableLine`, but line breaks stay. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printableLine(line))
    .join('\n');
}

/** Milliseconds since 1970 as `2026-11-24 01:52:03Z`; `null` as a dash. */
export function printableTime(atMs: number | null): string {
  return atMs === null ? '-' : `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** How long ago in the largest unit that fits, e.g. `5 minutes ago`; under a minute, `just now`. */
export function printableAge(atMs: number, nowMs: number = Date.now()): string {
  const minutes = Math.trunc((nowMs - atMs) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return ago(minutes, 'minute');
  if (minutes < 24 * 60) return ago(Math.trunc(minutes / 60), 'hour');
  return ago(Math.trunc(minutes / 60 / 24), 'day');
}

// By hand: to make a formatter of the runtime's takes a tenth of the start of a command.
function ago(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

/** A size as a person reads it, e.g. `1.5 MiB`. */
export function printableBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB'];
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}
