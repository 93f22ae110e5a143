// Entry of the web UI: makes what the pages share, once, and shows them.
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import 'virtual:theme.css';
import './app/page.css';
import { createRoot } from 'react-dom/client';
import { createBrowserClient, StoredKnownDelegates } from '@sallyport/sdk/browser';
import { App } from './app/app.tsx';
import { goWayBack } from './app/way-back.ts';
import { createQueryClient } from './client/query-client.ts';
import { SessionWatch } from './client/session-watch.ts';
import { notify } from './ui/notify.tsx';

const knownDelegates = new StoredKnownDelegates(localStorage, async (change) =>
  navigator.locks.request('sallyport.known-delegates', change),
);
const client = createBrowserClient({
  // Below which the page lies: a path that a proxy puts in front belongs to it.
  address: new URL('.', document.baseURI).href,
  knownDelegates,
  onDelegateRemembered: ({ name, fingerprint }) => {
    notify.info({
      title: `Delegate “${name}” is new to this browser`,
      message: `It is remembered as ${fingerprint}. Another key in its place will be refused.`,
    });
  },
});
const session = new SessionWatch(new BroadcastChannel('sallyport.session'));
const queryClient = createQueryClient({ onUnauthenticated: () => session.ended() });

goWayBack();
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');
createRoot(root).render(
  <App client={client} knownDelegates={knownDelegates} session={session} queryClient={queryClient} />,
);
