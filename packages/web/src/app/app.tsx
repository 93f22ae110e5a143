// The web UI as a whole: what every page can count on, around the router.
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Client, StoredKnownDelegates } from '@sallyport/sdk/browser';
import { ConnectionProvider } from '../client/client-context.tsx';
import type { SessionWatch } from '../client/session-watch.ts';
import { ConfirmationsProvider } from '../ui/use-confirmations.tsx';
import { Confirmations } from '../ui/confirmations.ts';
import { NotificationsCorner } from '../ui/notifications.tsx';
import { ShortcutsProvider } from '../ui/use-shortcuts.tsx';
import { Shortcuts } from '../ui/shortcuts.ts';
import { createAppRouter } from './router.tsx';
import { THEME } from './theme.ts';

type Props = {
  client: Client;
  knownDelegates: StoredKnownDelegates;
  session: SessionWatch;
  queryClient: QueryClient;
};

export function App({ queryClient, ...connection }: Props): ReactNode {
  const [router] = useState(createAppRouter);
  const [shortcuts] = useState(() => new Shortcuts());
  const [confirmations] = useState(() => new Confirmations());
  return (
    // Its style elements would break the content security policy: the same styles come from virtual:theme.css.
    <MantineProvider
      theme={THEME}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <ConnectionProvider {...connection}>
        <QueryClientProvider client={queryClient}>
          <ShortcutsProvider shortcuts={shortcuts}>
            <ConfirmationsProvider confirmations={confirmations}>
              <RouterProvider router={router} />
              <NotificationsCorner />
            </ConfirmationsProvider>
          </ShortcutsProvider>
        </QueryClientProvider>
      </ConnectionProvider>
    </MantineProvider>
  );
}
