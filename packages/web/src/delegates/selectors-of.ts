// Where the selectors of a delegate come from.
import type { DelegateView } from '@sallyport/protocol';

type Selectors = Pick<DelegateView, 'selectors' | 'startSelectors' | 'addedSelectors'>;

/** @returns `own`: its name, host name and what it was started with; `onlyAdded`: what it has for no other reason than that it was added */
export function selectorsOf({ selectors, startSelectors, addedSelectors }: Selectors): {
  own: string[];
  onlyAdded: string[];
} {
  const added = new Set(addedSelectors);
  const started = new Set(startSelectors);
  const isOnlyAdded = (one: string): boolean => added.has(one) && !started.has(one);
  return {
    own: selectors.filter((one) => !isOnlyAdded(one)),
    onlyAdded: selectors.filter(isOnlyAdded),
  };
}
