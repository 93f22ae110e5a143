// What can be done with a user: edit, reset link, sessions, second factor, disable, remove.
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { UserDetail } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useAction, useForget } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import type { Question } from '../ui/confirmations.ts';
import { DeleteButton } from '../ui/delete-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { sayCount } from '../ui/say-time.ts';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { EditUserDialog } from './edit-user-dialog.tsx';
import { LinkShown } from './link-shown.tsx';

/** Beside the title of the page. */
export function UserActions({ user }: { user: UserDetail }): ReactNode {
  const [isEditing, setEditing] = useState(false);
  const params = { user: user.id };
  const link = useAction(async (client) => client.call('createResetLink', { params }), {
    forgets: ['getUser'],
  });
  const makeLink = (): void => link.mutate(undefined, { onError: (error) => notify.failure(error) });
  return (
    <>
      <Button variant="default" leftSection={<Icon name="edit" size={16} />} onClick={() => setEditing(true)}>
        Edit
      </Button>
      <Button
        variant="default"
        leftSection={<Icon name="key" size={16} />}
        loading={link.isPending}
        onClick={makeLink}
      >
        {user.state === 'invited' ? 'New invitation link' : 'Reset link'}
      </Button>
      <DisableButton user={user} />
      <RemoveButton user={user} />
      {isEditing && <EditUserDialog user={user} onClose={() => setEditing(false)} />}
      {link.data !== undefined && <LinkShown created={link.data} onClose={link.reset} />}
    </>
  );
}

function DisableButton({ user }: { user: UserDetail }): ReactNode {
  const { id, name, state } = user;
  const client = useClient();
  const ask = useAsk();
  const isDisabled = state === 'disabled';
  const question: Question = {
    title: isDisabled ? `Enable ${name}?` : `Disable ${name}?`,
    confirmLabel: isDisabled ? 'Enable' : 'Disable',
    danger: !isDisabled,
    body: isDisabled
      ? 'Their API keys work again. Sessions and links do not come back.'
      : 'At once: sessions and links end, and their own API keys do not work. They can be enabled again.',
    run: async () => client.call('editUser', { params: { user: id }, body: { disabled: !isDisabled } }),
  };
  return (
    <Button
      variant="default"
      onClick={() => void ask(question, `${name} is ${isDisabled ? 'enabled' : 'disabled'}.`)}
    >
      {isDisabled ? 'Enable' : 'Disable'}
    </Button>
  );
}

function RemoveButton({ user }: { user: UserDetail }): ReactNode {
  const { id, name } = user;
  const client = useClient();
  const navigate = useNavigate();
  const ask = useAsk();
  const question: Question = {
    title: `Remove ${name}?`,
    confirmLabel: 'Remove user',
    danger: true,
    body: 'For good, with sessions, memberships and own API keys. What they did stays in the audit trail. To keep them out for a while, disable them.',
    run: async () => {
      await client.call('removeUser', { params: { user: id } });
      await navigate({ to: '/access/users' });
    },
  };
  return <DeleteButton onClick={() => void ask(question, `${name} was removed.`)}>Remove</DeleteButton>;
}

export function EndSessionsButton({ user }: { user: UserDetail }): ReactNode {
  const { id, name, sessionCount } = user;
  const client = useClient();
  const ask = useAsk();
  const question: Question = {
    title: `End all sessions of ${name}?`,
    confirmLabel: 'End sessions',
    body: `Whoever uses ${sayCount(sessionCount, 'open session')} has to sign in again. API keys go on working.`,
    run: async () => client.call('revokeUserSessions', { params: { user: id } }),
  };
  return (
    <Button
      variant="default"
      size="compact-sm"
      onClick={() => void ask(question, `The sessions of ${name} have ended.`)}
    >
      End all
    </Button>
  );
}

export function ResetSecondFactorButton({ user }: { user: UserDetail }): ReactNode {
  const { id, name } = user;
  const client = useClient();
  const ask = useAsk();
  const question: Question = {
    title: `Take the second factor of ${name} away?`,
    confirmLabel: 'Reset second factor',
    danger: true,
    body: 'For somebody who has lost the app and the recovery codes. Be sure that it is they who ask: their password alone is enough then.',
    run: async () => client.call('resetUserTotp', { params: { user: id } }),
  };
  return (
    <Button
      variant="default"
      size="compact-sm"
      onClick={() => void ask(question, `${name} has no second factor any more.`)}
    >
      Reset
    </Button>
  );
}

/** Asks, does it, says so, and has what is shown read anew. */
function useAsk(): (question: Question, done: string) => Promise<void> {
  const confirmations = useConfirmations();
  const forget = useForget();
  return async (question, done) => {
    if ((await confirmations.ask(question)) === CALLED_OFF) return;
    notify.done(done);
    await forget('getUser', 'listUsers', 'listGroups', 'getGroup');
  };
}
