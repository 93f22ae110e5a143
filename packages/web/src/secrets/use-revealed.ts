// A value that is shown for a while: in the state of one component, and gone from there when it is hidden, when its time is over, when the
// component goes, and when the page is left.
import { useEffect, useState } from 'react';
import type { UseMutationResult } from '@tanstack/react-query';
import { useAction } from '../client/operations.ts';
import { READING } from './forgets.ts';

export const SHOWN_SECONDS = 30;
const SECOND_MS = 1000;

type Shown = { text: string; endsAtMs: number };

export type Revealed = {
  /** null: nothing is shown. */
  text: string | null;
  secondsLeft: number;
  reveal: UseMutationResult<void, Error, void>;
  hide: () => void;
};

/** @param reference of the secret, with or without a version */
export function useRevealed(reference: string): Revealed {
  const [shown, setShown] = useState<Shown | null>(null);
  const [nowMs, setNowMs] = useState(0);
  const reveal = useAction(
    async (client): Promise<void> => {
      // Into this state only: what an action returns is kept by whoever asked for it.
      const text = await client.get(reference);
      setNowMs(Date.now());
      setShown({ text, endsAtMs: Date.now() + SHOWN_SECONDS * SECOND_MS });
    },
    // Reading is counted.
    { forgets: READING },
  );
  const hide = (): void => setShown(null);
  useEffect(() => {
    if (shown === null) return undefined;
    const tick = setInterval(() => {
      if (Date.now() >= shown.endsAtMs) setShown(null);
      else setNowMs(Date.now());
    }, SECOND_MS);
    const leave = (): void => setShown(null);
    // A page that is left may be kept as it is, to come back to.
    window.addEventListener('pagehide', leave);
    return () => {
      clearInterval(tick);
      window.removeEventListener('pagehide', leave);
    };
  }, [shown]);
  return {
    text: shown?.text ?? null,
    secondsLeft: shown === null ? 0 : Math.max(Math.ceil((shown.endsAtMs - nowMs) / SECOND_MS), 0),
    reveal,
    hide,
  };
}
