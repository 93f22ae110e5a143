// The way in for people who have a user already.
import { Alert, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { keepWayBack, takeWayBack } from '../app/way-back.ts';
import { useSessionWatch } from '../client/client-context.tsx';
import { signInRoute } from './area.ts';
import { Entrance } from './entrance.tsx';
import { SignInForm } from './sign-in-form.tsx';

const SSO_ERRORS = {
  'sso-failed':
    'Single sign-on did not come to an end that can be trusted. Try again; an administrator finds the reason in the audit trail.',
  'rate-limited': 'There were too many attempts to sign in. Wait a moment, then try again.',
};

export function SignInPage(): ReactNode {
  const { next: wanted, error } = signInRoute.useSearch();
  // Who comes back from a provider that refused them still wants to go there.
  const [kept] = useState(takeWayBack);
  const next = wanted ?? kept ?? '/';
  const router = useRouter();
  const queryClient = useQueryClient();
  const session = useSessionWatch();
  const enter = (): void => {
    takeWayBack();
    queryClient.clear();
    session.begun();
    router.history.replace(next);
  };
  return (
    <Entrance title="Sign in">
      {error !== undefined && (
        <Alert color="red" role="alert">
          {SSO_ERRORS[error]}
        </Alert>
      )}
      <SignInForm onSignedIn={enter} onLeave={() => keepWayBack(next)} />
      <Text size="xs" c="dimmed">
        No user yet? An administrator invites you with a link. A new installation prints its set-up link when
        it starts.
      </Text>
    </Entrance>
  );
}
