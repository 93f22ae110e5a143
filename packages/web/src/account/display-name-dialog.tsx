// The name by which others see one.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { checkDisplayName } from '@sallyport/core';
import { useAction } from '../client/operations.ts';
import { complaintOf, fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';

type Props = { displayName: string; onClose: () => void };

export function DisplayNameDialog({ displayName: before, onClose }: Props): ReactNode {
  const [displayName, setDisplayName] = useState(before);
  const edit = useAction(
    async (client) => client.call('editMyProfile', { body: { displayName: displayName.trim() } }),
    { forgets: ['getMyProfile', 'whoAmI', 'listUsers', 'getUser', 'getGroup'] },
  );
  const complaint = complaintOf(checkDisplayName, displayName.trim());
  const submit = (): void => {
    if (complaint !== null) return;
    edit.mutate(undefined, {
      onSuccess: () => {
        notify.done('Your display name is changed.');
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title="Change display name"
      submitLabel="Save"
      onSubmit={submit}
      onClose={onClose}
      isPending={edit.isPending}
      error={otherError(edit.error, 'invalid-name')}
    >
      <TextInput
        label="Display name"
        description="Others see you by it. You sign in with the same name as before."
        required
        data-autofocus
        maxLength={128}
        autoComplete="name"
        value={displayName}
        onChange={(event) => setDisplayName(event.currentTarget.value)}
        error={complaint ?? fieldMessage(edit.error, 'invalid-name')}
      />
    </FormDialog>
  );
}
