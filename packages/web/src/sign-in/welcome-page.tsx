// Where a one-time link leads: the first administrator of a new installation, an invitation, or a new password. The value of the link is
// good for nothing once it was used; the page then leaves its address.
import { Alert, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import type { LinkView } from '@sallyport/protocol';
import { useSessionWatch } from '../client/client-context.tsx';
import { useAction } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { LoadingState } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { welcomeRoute } from './area.ts';
import { Entrance } from './entrance.tsx';
import { RedeemForm } from './redeem-form.tsx';

const WORDS: Readonly<Record<LinkView['purpose'], { title: string; description: (name: string) => string }>> =
  {
    'set-up': {
      title: 'Set up Sallyport',
      description: () =>
        'Make the first user. It is an account administrator, who can invite everybody else.',
    },
    invitation: {
      title: 'Welcome to Sallyport',
      description: (name) => `You were invited as ${name}. Choose a password to come in.`,
    },
    'password-reset': {
      title: 'Choose a new password',
      description: (name) => `For the user ${name}. All sessions that are open elsewhere end.`,
    },
  };

export function WelcomePage(): ReactNode {
  const { value } = welcomeRoute.useParams();
  const router = useRouter();
  const queryClient = useQueryClient();
  const session = useSessionWatch();
  // As an action, since nothing of it is to be kept: the value of the link would be part of the key.
  const inspect = useAction(async (client, link: string) =>
    client.call('inspectLink', { body: { value: link } }),
  );
  const { mutate } = inspect;
  useEffect(() => mutate(value), [mutate, value]);
  const enter = (): void => {
    queryClient.clear();
    session.begun();
    router.history.replace('/');
  };
  if (inspect.error !== null) {
    return (
      <Entrance title="This link does not work">
        <ErrorPanel
          error={inspect.error}
          {...(isAppError(inspect.error, 'link-invalid') ? {} : { onRetry: () => mutate(value) })}
        />
        <Text size="sm">
          Have you chosen a password before?{' '}
          <TextLink to="/sign-in" isInText>
            Sign in
          </TextLink>
        </Text>
      </Entrance>
    );
  }
  if (inspect.data === undefined) {
    return (
      <Entrance title="Welcome">
        <LoadingState rows={3} label="Looking at the link" />
      </Entrance>
    );
  }
  const link = inspect.data;
  const { title, description } = WORDS[link.purpose];
  return (
    <Entrance title={title} description={description(link.displayName ?? link.name ?? 'nobody')}>
      {link.purpose === 'set-up' && (
        <Alert color="harbour" variant="light">
          Whoever has this link can do this, once. Do it now.
        </Alert>
      )}
      <RedeemForm value={value} link={link} onSignedIn={enter} />
    </Entrance>
  );
}
