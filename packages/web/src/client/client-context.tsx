// Hands the client of the server, and what this browser knows of delegates, to components.
import { createContext, use } from 'react';
import type { ReactNode } from 'react';
import type { Client, StoredKnownDelegates } from '@sallyport/sdk/browser';
import type { SessionWatch } from './session-watch.ts';

type Connection = { client: Client; knownDelegates: StoredKnownDelegates; session: SessionWatch };

const ConnectionContext = createContext<Connection | null>(null);

export function ConnectionProvider({
  children,
  ...connection
}: Connection & { children: ReactNode }): ReactNode {
  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}

/** The client; its `get`, `set`, `upload` and `download` seal and open values in this browser. */
export function useClient(): Client {
  return useConnection().client;
}

/** Delegates that this browser knows. */
export function useKnownDelegates(): StoredKnownDelegates {
  return useConnection().knownDelegates;
}

/** Whether the session has ended, and who is told. */
export function useSessionWatch(): SessionWatch {
  return useConnection().session;
}

function useConnection(): Connection {
  const connection = use(ConnectionContext);
  if (connection === null) throw new Error('there is no ConnectionProvider above');
  return connection;
}
