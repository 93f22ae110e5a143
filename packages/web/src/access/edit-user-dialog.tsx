// The names of a user.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { checkDisplayName } from '@sallyport/core';
import type { UserView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { complaintOf, fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import { judgeUserName } from './invite-dialog.tsx';

export function EditUserDialog({ user, onClose }: { user: UserView; onClose: () => void }): ReactNode {
  const [name, setName] = useState(user.name);
  const [displayName, setDisplayName] = useState(user.displayName);
  const edit = useAction(
    async (client) =>
      client.call('editUser', {
        params: { user: user.id },
        body: { name: name.trim(), displayName: displayName.trim() },
      }),
    { forgets: ['listUsers', 'getUser', 'getGroup', 'whoAmI', 'getMyProfile'] },
  );
  const complaint = judgeUserName(name.trim());
  const displayComplaint = complaintOf(checkDisplayName, displayName.trim());
  const submit = (): void => {
    if (complaint !== null || displayComplaint !== null) return;
    edit.mutate(undefined, {
      onSuccess: () => {
        notify.done('The user was changed.');
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title={`Edit ${user.name}`}
      submitLabel="Save"
      onSubmit={submit}
      onClose={onClose}
      isPending={edit.isPending}
      error={otherError(edit.error, 'name-taken', 'invalid-name')}
    >
      <TextInput
        label="User name"
        description="What they sign in with. Sessions stay; from the next sign-in on it is this one."
        required
        data-autofocus
        maxLength={128}
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={complaint ?? fieldMessage(edit.error, 'name-taken', 'invalid-name')}
      />
      <TextInput
        label="Display name"
        required
        maxLength={128}
        autoComplete="off"
        value={displayName}
        onChange={(event) => setDisplayName(event.currentTarget.value)}
        error={displayComplaint}
      />
    </FormDialog>
  );
}
