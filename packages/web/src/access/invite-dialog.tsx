// Invites a user: makes them, and shows the one-time link by which they set their password.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { checkDisplayName } from '@sallyport/core';
import { useAction } from '../client/operations.ts';
import { complaintOf, fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { GroupPicker } from './group-picker.tsx';
import { LinkShown } from './link-shown.tsx';

export function InviteDialog({ onClose }: { onClose: () => void }): ReactNode {
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [groups, setGroups] = useState<string[]>([]);
  const [wasSent, setSent] = useState(false);
  const invite = useAction(
    async (client) =>
      client.call('inviteUser', {
        body: {
          name: name.trim(),
          groups,
          ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }),
        },
      }),
    { forgets: ['listUsers', 'listGroups', 'getGroup'] },
  );
  const complaint = judgeUserName(name.trim());
  const displayComplaint =
    displayName.trim() === '' ? null : complaintOf(checkDisplayName, displayName.trim());
  if (invite.data !== undefined) return <LinkShown created={invite.data} onClose={onClose} />;
  const submit = (): void => {
    setSent(true);
    if (complaint === null && displayComplaint === null) invite.mutate();
  };
  return (
    <FormDialog
      title="Invite user"
      submitLabel="Make invitation"
      onSubmit={submit}
      onClose={onClose}
      isPending={invite.isPending}
      error={otherError(invite.error, 'name-taken', 'invalid-name')}
    >
      <TextInput
        label="User name"
        description="What they sign in with, such as their mail address. No blanks."
        required
        data-autofocus
        maxLength={128}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={(wasSent ? complaint : null) ?? fieldMessage(invite.error, 'name-taken', 'invalid-name')}
      />
      <TextInput
        label="Display name"
        description="The user name, unless you give another."
        maxLength={128}
        autoComplete="off"
        value={displayName}
        onChange={(event) => setDisplayName(event.currentTarget.value)}
        error={wasSent ? displayComplaint : null}
      />
      <GroupPicker
        label="User groups"
        description="Without any they can sign in, and may do nothing."
        value={groups}
        onChange={setGroups}
      />
    </FormDialog>
  );
}

/** What is wrong with a user name; null: nothing that can be seen here. */
export function judgeUserName(name: string): string | null {
  if (name === '') return 'What will they sign in with?';
  return /\s/.test(name) ? 'A user name has no blanks.' : complaintOf(checkDisplayName, name);
}
