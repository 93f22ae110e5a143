// A session that ended while its page is open: sign in again, here or in another tab, and go on where you were.
import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useClient, useSessionWatch } from '../client/client-context.tsx';
import { useMe } from '../client/me.tsx';
import { SignInForm } from '../sign-in/sign-in-form.tsx';
import { Dialog } from '../ui/dialog.tsx';

export function SessionEnded(): ReactNode {
  const me = useMe();
  const session = useSessionWatch();
  const client = useClient();
  const queryClient = useQueryClient();
  const goOn = (): void => {
    session.begun();
    void queryClient.invalidateQueries();
  };
  const userId = me.user?.id;
  useEffect(() => {
    const look = async (): Promise<void> => {
      const { user } = await client.call('whoAmI');
      // What one person typed is not for another one who signed in over there.
      if (user?.id !== userId) return;
      session.begun();
      await queryClient.invalidateQueries();
    };
    return session.onBegunElsewhere(() => void look().catch(() => undefined));
  }, [client, queryClient, session, userId]);
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
      <SignInForm onSignedIn={goOn} name={me.user?.name ?? ''} staysInPage />
    </Dialog>
  );
}
