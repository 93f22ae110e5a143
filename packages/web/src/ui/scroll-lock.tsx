// Keeps the page behind a dialog from scrolling. It takes the place of the library that Mantine would use, which puts a style element into
// the page; the content security policy of this product allows none.
import { useEffect } from 'react';
import type { ReactNode } from 'react';

type Props = { enabled?: boolean; children: ReactNode };

let locks = 0;

export function RemoveScroll({ enabled = true, children }: Props): ReactNode {
  useEffect(() => {
    if (!enabled) return undefined;
    locks += 1;
    document.documentElement.style.overflowY = 'hidden';
    return () => {
      locks -= 1;
      if (locks === 0) document.documentElement.style.overflowY = '';
    };
  }, [enabled]);
  return children;
}

/** Names of classes for what would move when the scroll bar goes. It does not go: its room stays. */
RemoveScroll.classNames = { fullWidth: '', zeroRight: '' };
