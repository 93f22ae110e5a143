// A session that ended while its page is open: sign in again, and go on where you were.
import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useSessionWatch } from '../client/client-context.tsx';
import { useMe } from '../client/me.tsx';
import { SignInForm } from '../sign-in/sign-in-form.tsx';
import { Dialog } from '../ui/dialog.tsx';

export function SessionEnded(): ReactNode {
  const me = useMe();
  const session = useSessionWatch();
  const queryClient = useQueryClient();
  const goOn = (): void => {
    session.begun();
    void queryClient.invalidateQueries();
  };
  return (
    <Dialog
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Your session has ended"
    >
      <Text size="sm" c="dimmed" mb="md">
        Sign in again to go on where you were. What you typed in this page is still there.
      </Text>
      <SignInForm onSignedIn={goOn} name={me.user?.name ?? ''} />
    </Dialog>
  );
}
