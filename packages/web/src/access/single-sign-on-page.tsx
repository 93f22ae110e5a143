// Single sign-on: the OpenID provider at which people prove who they are.
import { Alert, Button, Group } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SsoView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget, useOperation } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { DeleteButton } from '../ui/delete-button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { SsoForm } from './sso-form.tsx';

export function SingleSignOnPage(): ReactNode {
  const query = useOperation('getSso', {});
  const [isEditing, setEditing] = useState(false);
  const remove = useRemoval();
  const sso = query.data?.sso ?? null;
  const actions = (
    <>
      <Button variant="default" leftSection={<Icon name="edit" size={16} />} onClick={() => setEditing(true)}>
        Edit
      </Button>
      <DeleteButton onClick={() => void remove()}>Turn off</DeleteButton>
    </>
  );
  return (
    <Page
      title="Single sign-on"
      description="People sign in at an OpenID provider that you run or rent: Keycloak, Entra ID, Okta, Google and whatever else speaks OpenID Connect."
      actions={sso !== null && !isEditing ? actions : undefined}
    >
      <Loaded query={query} rows={4}>
        {({ sso }) => {
          if (isEditing) return <SsoForm sso={sso} onDone={() => setEditing(false)} />;
          if (sso !== null) return <Settings sso={sso} />;
          return (
            <EmptyState
              title="No provider is set up"
              action={<Button onClick={() => setEditing(true)}>Set up single sign-on</Button>}
            >
              People sign in with name and password. With a provider they can also come in from there, and be
              in the user groups that it says.
            </EmptyState>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Settings({ sso }: { sso: SsoView }): ReactNode {
  const { groupMapping, allowedDomains } = sso;
  return (
    <>
      <Alert color="harbour" variant="light" icon={<Icon name="alert" />}>
        The provider has to allow this redirect address: <strong>{sso.callbackUrl}</strong>
        <Group mt="xs">
          <CopyButton text={sso.callbackUrl} label="Copy redirect address" />
        </Group>
      </Alert>
      <Panel title="Provider">
        <Facts>
          <Fact label="Called on the sign-in page">{sso.displayName}</Fact>
          <Fact label="Issuer">{sso.issuer}</Fact>
          <Fact label="Client id">{sso.clientId}</Fact>
          <Fact label="Client secret">
            {sso.hasClientSecret ? 'is stored, encrypted' : 'none: a public client'}
          </Fact>
          <Fact label="Scopes">{sso.scopes.join(' ')}</Fact>
        </Facts>
      </Panel>
      <Panel title="Who comes in">
        <Facts>
          <Fact label="First sign-in">
            {sso.createUsers ? 'makes a user' : 'only those come in who have done so before'}
          </Fact>
          <Fact label="Mail domains">
            {allowedDomains === null ? 'any user of the provider' : allowedDomains.join(', ')}
          </Fact>
          <Fact label="Claim with groups">{sso.groupClaim ?? 'none'}</Fact>
          {groupMapping.map(({ value, group }) => (
            <Fact key={`${value} ${group.id}`} label={value}>
              is in {group.name ?? 'a deleted group'}
            </Fact>
          ))}
        </Facts>
      </Panel>
    </>
  );
}

function useRemoval(): () => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  return async () => {
    const outcome = await confirmations.ask({
      title: 'Turn single sign-on off?',
      confirmLabel: 'Turn off',
      danger: true,
      body: 'Users stay, and with them their sessions. Those without a password can come in again by a reset link only.',
      run: async () => client.call('removeSso'),
    });
    if (outcome === CALLED_OFF) return;
    notify.done('Single sign-on is off.');
    await forget('getSso', 'ssoStatus');
  };
}
