// Long lists are made ready in the background, piece by piece, and shown when all of it is there: what somebody does meanwhile, a click or
// a letter, is answered first. Until then the former list stays.
import { useDeferredValue } from 'react';

/** @returns what to show: the newest, or the one before it while that is made ready; null: there is none yet */
export function useReady<T extends object>(newest: T, isShort: boolean): T | null {
  const ready = useDeferredValue(newest, isShort ? newest : null);
  return isShort ? newest : ready;
}
