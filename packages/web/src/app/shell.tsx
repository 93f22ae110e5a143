// The frame around the pages of signed-in people: bar, navigation, page. Waits for who it is; sends away whoever is nobody; when a session
// ends, asks to sign in again over the page, so that what was typed there stays.
import { Burger, Group, VisuallyHidden } from '@mantine/core';
import { Outlet, useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import { useSessionWatch } from '../client/client-context.tsx';
import { MeProvider } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { PlainLink } from '../ui/page-link.tsx';
import { useShortcutHelp } from '../ui/use-shortcuts.tsx';
import { LoadingState } from '../ui/states.tsx';
import { ColorSchemeButton } from './color-scheme-button.tsx';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';
import classes from './shell.module.css';
import { SignedInUser } from './signed-in-user.tsx';

const NavigationDrawer = lazy(async () => ({
  default: (await import('./navigation-drawer.tsx')).NavigationDrawer,
}));
const SessionEnded = lazy(async () => ({ default: (await import('./session-ended.tsx')).SessionEnded }));

export function Shell(): ReactNode {
  const session = useSessionWatch();
  const hasEnded = useSyncExternalStore(session.subscribe, session.hasEnded);
  const me = useOperation('whoAmI', {});
  const isKnown = me.data !== undefined;
  useEffect(() => {
    if (isKnown) session.begun();
  }, [isKnown, session]);
  if (me.data === undefined) {
    if (isAppError(me.error, 'unauthenticated')) return <ToSignIn />;
    return (
      <main className={classes.waiting}>
        {me.error === null ? (
          <LoadingState />
        ) : (
          <ErrorPanel error={me.error} onRetry={() => void me.refetch()} />
        )}
      </main>
    );
  }
  return (
    <MeProvider me={me.data}>
      <Frame />
      {hasEnded && (
        <Suspense>
          <SessionEnded />
        </Suspense>
      )}
    </MeProvider>
  );
}

/** Leads to the sign-in page, once, and has it lead back to where somebody wanted to go. */
function ToSignIn(): ReactNode {
  const router = useRouter();
  useEffect(() => {
    const { pathname, href } = router.state.location;
    const search = pathname === '/' ? {} : { next: href };
    void router.navigate({ to: '/sign-in', search, replace: true });
  }, [router]);
  return null;
}

function Frame(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [wasOpened, setOpened] = useState(false);
  const openHelp = useShortcutHelp();
  const close = (): void => setOpen(false);
  const toggle = (): void => {
    setOpened(true);
    setOpen(!isOpen);
  };
  return (
    <div className={classes.frame}>
      <a href="#main" className={classes.skip} onClick={skipToMain}>
        Skip to the page
      </a>
      <header className={classes.bar}>
        <Group gap="xs" wrap="nowrap">
          <Burger
            opened={isOpen}
            onClick={toggle}
            size="sm"
            aria-label="Navigation"
            className={classes.burger}
          />
          <PlainLink to="/" className={classes.home}>
            <Logo />
            <VisuallyHidden>To the start page</VisuallyHidden>
          </PlainLink>
        </Group>
        <Group gap="xs" wrap="nowrap">
          <IconButton icon="help" label="Keyboard help" isLarge onClick={openHelp} className={classes.help} />
          <ColorSchemeButton />
          <SignedInUser />
        </Group>
      </header>
      <aside className={classes.side}>
        <Navigation />
      </aside>
      {wasOpened && (
        <Suspense>
          <NavigationDrawer opened={isOpen} onClose={close} />
        </Suspense>
      )}
      <main className={classes.main} id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

/** The fragment of the address belongs to the router, so the jump is made by hand. */
function skipToMain(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}
