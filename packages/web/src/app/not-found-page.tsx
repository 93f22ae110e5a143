// What an address leads to that is none.
import type { ReactNode } from 'react';
import { LinkButton } from '../ui/link-button.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';
import classes from './not-found-page.module.css';

export function NotFoundPage(): ReactNode {
  return (
    <main className={classes.main}>
      <Page title="There is no such page">
        <EmptyState
          title="This address leads nowhere"
          action={<LinkButton to="/">To the start page</LinkButton>}
        >
          It is mistyped, or what it was about has been deleted.
        </EmptyState>
      </Page>
    </main>
  );
}
