// Holds the questions of the page, and shows the one that is asked now. The dialog is loaded when there is a first one.
import { createContext, lazy, Suspense, use, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import type { Confirmations } from './confirmations.ts';

const ConfirmationsContext = createContext<Confirmations | null>(null);
const ConfirmDialog = lazy(async () => ({ default: (await import('./confirm-dialog.tsx')).ConfirmDialog }));

type Props = { confirmations: Confirmations; children: ReactNode };

export function ConfirmationsProvider({ confirmations, children }: Props): ReactNode {
  const asked = useSyncExternalStore(confirmations.subscribe, confirmations.current);
  return (
    <ConfirmationsContext value={confirmations}>
      {children}
      {asked !== null && (
        <Suspense>
          <ConfirmDialog key={asked.id} asked={asked} />
        </Suspense>
      )}
    </ConfirmationsContext>
  );
}

/** Asks the person; see `Confirmations`. */
export function useConfirmations(): Confirmations {
  const confirmations = use(ConfirmationsContext);
  if (confirmations === null) throw new Error('there is no ConfirmationsProvider above');
  return confirmations;
}
