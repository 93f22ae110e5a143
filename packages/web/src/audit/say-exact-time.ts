// A time to the second, in the time zone of the browser, for where order and moment matter.
const exact = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });

/** E.g. `2026-11-26 09:15:02`. */
export function sayExactTime(atMs: number): string {
  return exact.format(atMs);
}
