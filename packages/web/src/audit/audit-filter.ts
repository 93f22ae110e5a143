// Which records are shown. The filter stands in the address of the page, so that it can be kept and handed on.
import type { CallInput } from '@sallyport/sdk/browser';

/** What is left out does not narrow anything. */
export type AuditFilter = {
  /** Milliseconds since 1970; records from then on. */
  from?: number;
  /** Milliseconds since 1970; records before then. */
  until?: number;
  /** Who acted: an id, or the name at that time. */
  principal?: string;
  /** Id of what was acted on. */
  resource?: string;
  /** With commas between. */
  actions?: string;
  application?: string;
  environment?: string;
  /** The newest records are asked for again and again. */
  live?: boolean;
  /** Sequence of the one record that is shown in full. */
  record?: number;
};

const TEXTS = ['principal', 'resource', 'actions', 'application', 'environment'] as const;
const LATEST_MS = 8_640_000_000_000_000;
const LONGEST = 2000;

/** The filter in an address; what is not of the right form is left out. */
export function filterIn(search: Record<string, unknown>): AuditFilter {
  const filter: AuditFilter = {};
  for (const name of ['from', 'until'] as const) {
    const value = search[name];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LATEST_MS) {
      filter[name] = value;
    }
  }
  for (const name of TEXTS) {
    const value = search[name];
    // A name of digits alone is read as a number.
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && text !== '') filter[name] = text.slice(0, LONGEST);
  }
  if (search['live'] === true) filter.live = true;
  const { record } = search;
  if (typeof record === 'number' && Number.isSafeInteger(record) && record >= 1) filter.record = record;
  return filter;
}

/** The filter with some fields changed; undefined and empty ones are left out. */
export function withFields(
  filter: AuditFilter,
  fields: { [F in keyof AuditFilter]?: AuditFilter[F] | undefined },
): AuditFilter {
  return filterIn({ ...filter, ...fields });
}

/** Whether it narrows anything. */
export function isNarrow(filter: AuditFilter): boolean {
  return Object.keys(filter).some((field) => field !== 'live' && field !== 'record');
}

/** What the server is asked for. */
export function queryOf(filter: AuditFilter): NonNullable<CallInput<'listAudit'>['query']> {
  const { from, until, principal, resource, actions, application, environment } = filter;
  return {
    ...(from === undefined ? {} : { fromMs: from }),
    ...(until === undefined ? {} : { untilMs: until }),
    ...(principal === undefined ? {} : { principal }),
    ...(resource === undefined ? {} : { resource }),
    ...(actions === undefined ? {} : { action: actions }),
    ...(application === undefined ? {} : { application }),
    ...(environment === undefined ? {} : { environment }),
  };
}

/** A time as fields for date and time have it, in the time zone of the browser. */
export function fieldTimeOf(atMs: number | undefined): string {
  if (atMs === undefined) return '';
  const date = new Date(atMs);
  return new Date(atMs - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Back again; undefined: nothing is there. */
export function timeInField(text: string): number | undefined {
  const atMs = new Date(text).getTime();
  return text === '' || Number.isNaN(atMs) ? undefined : atMs;
}
