// The live list of delegates, who of them would do the work of a secrets manager, and their tokens.
import type { ReactNode } from 'react';
import { Allowed, useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { LinkButton } from '../ui/link-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { DelegateCard } from './delegate-card.tsx';
import classes from './delegates-page.module.css';
import { ExplainPanel } from './explain-panel.tsx';
import { TokensPanel } from './tokens-panel.tsx';

/** How often the list is asked for: a delegate that goes counts as lost after half a minute at the latest. */
export const LIVE_MS = 3000;

export function DelegatesPage(): ReactNode {
  const delegates = useOperation('listDelegates', {}, { everyMs: LIVE_MS });
  const isManaging = may(useMe(), 'manage-delegates');
  return (
    <Page
      title="Delegates"
      description="A delegate runs inside your network and dials out. It is the only part that talks to AWS, and the only place where a stored value is in clear."
      actions={
        <Allowed permission="manage-delegates">
          <AddButton />
        </Allowed>
      }
    >
      <Loaded query={delegates} rows={4}>
        {({ delegates: all }) =>
          all.length === 0 ? (
            <EmptyState title="No delegate yet" action={isManaging ? <AddButton /> : undefined}>
              {isManaging
                ? 'Create a token, start a delegate with it, and it appears here by itself.'
                : 'Somebody with the permission to manage delegates starts one.'}
            </EmptyState>
          ) : (
            <ul className={classes.list} aria-label="Delegates">
              {all.map((delegate) => (
                <DelegateCard key={delegate.id} delegate={delegate} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <ExplainPanel />
      <Allowed permission="manage-delegates">
        <TokensPanel />
      </Allowed>
    </Page>
  );
}

function AddButton(): ReactNode {
  return (
    <LinkButton to="/delegates/add" leftSection={<Icon name="plus" size={16} />}>
      Add Delegate
    </LinkButton>
  );
}
