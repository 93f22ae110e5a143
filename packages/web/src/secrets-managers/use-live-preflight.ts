// Watches a test: what is told of it becomes what is shown, and whoever stops it or leaves the page calls it off at the delegates.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { PreflightEvent } from '@sallyport/protocol';
import { BEGINNING, withEvent } from './live-preflight.ts';
import type { LivePreflight } from './live-preflight.ts';

/** What a call that tries settings is given beside its input. */
export type Watch = { onProgress: (event: PreflightEvent) => void; signal: AbortSignal };

export type Watching = {
  live: LivePreflight;
  /** Starts over; the former test, if it still runs, is called off. */
  begin: () => Watch;
  /** Calls it off. Its call then fails with what `wasStopped` knows. */
  stop: () => void;
};

export function useLivePreflight(): Watching {
  const [live, setLive] = useState(BEGINNING);
  const aborter = useRef<AbortController | null>(null);
  const stop = useCallback(() => aborter.current?.abort(new Stopped()), []);
  const begin = useCallback((): Watch => {
    stop();
    const own = new AbortController();
    aborter.current = own;
    setLive(BEGINNING);
    return {
      signal: own.signal,
      onProgress: (event) => {
        if (!own.signal.aborted) setLive((before) => withEvent(before, event));
      },
    };
  }, [stop]);
  useEffect(() => stop, [stop]);
  return { live, begin, stop };
}

/** Whether a call failed for no other reason than that the person stopped it. */
export function wasStopped(error: unknown): boolean {
  return error instanceof Stopped;
}

class Stopped extends Error {
  override readonly name = 'Stopped';
}
