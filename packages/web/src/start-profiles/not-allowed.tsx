// What stands in place of pages for those who look after no delegates.
import type { ReactNode } from 'react';
import { EmptyState } from '../ui/states.tsx';

export function NotAllowed(): ReactNode {
  return (
    <EmptyState title="You may not see start-up profiles">
      Somebody with the permission to manage delegates can; to write one takes the permission to run scripts
      as well.
    </EmptyState>
  );
}
