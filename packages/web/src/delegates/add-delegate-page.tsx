// Starts another delegate: a token for it, the commands with the token in them, and the moment in which it connects. The token lives in this
// page only, and goes with it.
import { Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { CreatedDelegateToken } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { may } from '../client/permissions.ts';
import { Page, Panel } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { Arrivals } from './arrivals.tsx';
import { CreatedToken } from './created-token.tsx';
import { InstallPanel } from './install-panel.tsx';
import { TokenForm } from './token-form.tsx';

export function AddDelegatePage(): ReactNode {
  const [created, setCreated] = useState<CreatedDelegateToken | null>(null);
  const isManaging = may(useMe(), 'manage-delegates');
  return (
    <Page
      title="Add a delegate"
      description={
        <>
          A token admits it, and it proves who it is by a key of its own from then on.{' '}
          <TextLink to="/delegates" isInText>
            All delegates
          </TextLink>
        </>
      }
    >
      {isManaging ? (
        <>
          <Panel title="1. A token">
            {created === null ? <TokenForm onCreated={setCreated} /> : <CreatedToken created={created} />}
          </Panel>
          <Panel title="2. Start it">
            <InstallPanel token={created?.value ?? null} />
          </Panel>
          <Panel title="3. It connects">
            <Arrivals />
          </Panel>
        </>
      ) : (
        <EmptyState title="You may not add delegates">
          <Text size="sm">Somebody with the permission to manage delegates can.</Text>
        </EmptyState>
      )}
    </Page>
  );
}
