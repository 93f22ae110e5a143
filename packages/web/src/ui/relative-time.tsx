// A point in time as people say it, with the exact one to see on hover and for machines.
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { sayTime } from './say-time.ts';

const TICK_MS = 10_000;

/** @param props.atMs milliseconds since 1970; null: `never` is shown */
export function RelativeTime({ atMs, never = 'never' }: { atMs: number | null; never?: string }): ReactNode {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  if (atMs === null) return <span>{never}</span>;
  // What happened since the last tick is not yet to come.
  const isJustThen = atMs > nowMs && atMs - nowMs < TICK_MS;
  const date = new Date(atMs);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()} style={{ whiteSpace: 'nowrap' }}>
      {sayTime(atMs, isJustThen ? atMs : nowMs)}
    </time>
  );
}
