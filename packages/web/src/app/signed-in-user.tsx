// Who is signed in, and the way out.
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMe } from '../client/me.tsx';
import { useAction } from '../client/operations.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { PlainLink } from '../ui/page-link.tsx';
import classes from './signed-in-user.module.css';

export function SignedInUser(): ReactNode {
  const me = useMe();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const signOut = useAction(async (client) => client.call('signOut'));
  const leave = (): void => {
    signOut.mutate(undefined, {
      onSuccess: () => {
        void navigate({ to: '/sign-in' }).then(() => queryClient.clear());
      },
      onError: (error) => notify.failure(error),
    });
  };
  const groups = me.groups.map(({ name }) => name ?? 'a deleted group').join(', ');
  return (
    <>
      <PlainLink to="/account" className={classes.user} title={groups === '' ? 'In no group' : groups}>
        <Icon name="user" />
        <span className={classes.name}>{me.user?.name ?? me.name}</span>
      </PlainLink>
      <IconButton icon="signOut" label="Sign out" isLarge isBusy={signOut.isPending} onClick={leave} />
    </>
  );
}
