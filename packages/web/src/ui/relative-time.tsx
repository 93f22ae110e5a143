// A point in time as people say it, with the exact one to see on hover and for machines.
import { useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { sayTime } from './say-time.ts';

const TICK_MS = 10_000;

/** @param props.atMs milliseconds since 1970; null: `never` is shown */
export function RelativeTime({ atMs, never = 'never' }: { atMs: number | null; never?: string }): ReactNode {
  return atMs === null ? <span>{never}</span> : <Since atMs={atMs} />;
}

function Since({ atMs }: { atMs: number }): ReactNode {
  const words = useSyncExternalStore(onTick, () => sayNow(atMs));
  const date = new Date(atMs);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()} style={{ whiteSpace: 'nowrap' }}>
      {words}
    </time>
  );
}

function sayNow(atMs: number): string {
  const nowMs = Date.now();
  // The server's clock may be a little ahead: what has just happened is not yet to come.
  const isJustThen = atMs > nowMs && atMs - nowMs < TICK_MS;
  return sayTime(atMs, isJustThen ? atMs : nowMs);
}

/** All times of a page follow one timer; only those whose words have changed are drawn anew. */
const shown = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function onTick(look: () => void): () => void {
  shown.add(look);
  timer ??= setInterval(() => shown.forEach((one) => one()), TICK_MS);
  return () => {
    shown.delete(look);
    if (shown.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
