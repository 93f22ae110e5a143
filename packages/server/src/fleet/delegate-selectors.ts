// The selectors of a delegate: its name and host name, those that it was started with, and those that were added at the server.
import { implicitSelectors } from '@sallyport/core';
import type { Selector } from '@sallyport/core';
import type { DelegateRow } from './delegate-store.ts';

/** All of them, each once. */
export function selectorsOf(
  delegate: Pick<DelegateRow, 'name' | 'hostName' | 'selectors' | 'addedSelectors'>,
): Selector[] {
  return [...new Set([...implicitSelectors(delegate), ...delegate.selectors, ...delegate.addedSelectors])];
}
