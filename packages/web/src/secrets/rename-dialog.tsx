// Renames a secret. The former name goes on finding it, unless somebody decides otherwise; whoever would be cut off by that is shown first.
import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { checkSecretName, nameKey } from '@sallyport/core';
import type { SecretMetadata } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { CALLED_OFF, effectsIn } from '../ui/confirmations.ts';
import { complaintOf, fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { CHANGES_OF_A_SECRET } from './forgets.ts';

type Props = { secret: Pick<SecretMetadata, 'id' | 'name'>; onClose: () => void };

export function RenameDialog({ secret, onClose }: Props): ReactNode {
  const confirmations = useConfirmations();
  const [name, setName] = useState(secret.name);
  const [leaveAlias, setLeaveAlias] = useState(true);
  const [wasSent, setSent] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const wanted = name.trim();
  const complaint =
    wanted === secret.name ? 'This is the name that it has.' : complaintOf(checkSecretName, wanted);
  const rename = useAction(
    async (client) =>
      confirmations.runConfirmed({
        title: `Rename “${secret.name}” without leaving the old name?`,
        confirmLabel: 'Rename all the same',
        danger: true,
        body: 'Somebody asks for it by the old name, and will not find it any more.',
        run: async (confirmationToken) => {
          try {
            return await client.edit(secret.id, {
              name: wanted,
              leaveAlias,
              ...(confirmationToken === null ? {} : { confirmationToken }),
            });
          } catch (error) {
            // One dialog at a time: the question takes the place of the form.
            setAsking(effectsIn(error) !== null);
            throw error;
          }
        },
      }),
    { forgets: CHANGES_OF_A_SECRET },
  );
  const submit = (): void => {
    setSent(true);
    if (complaint !== null) return;
    rename.mutate(undefined, {
      onSuccess: (outcome) => {
        if (outcome === CALLED_OFF) return setAsking(false);
        notify.done(`“${secret.name}” is now called “${wanted}”`);
        return onClose();
      },
    });
  };
  const onlyCase = nameKey(wanted) === nameKey(secret.name);
  if (isAsking) return null;
  return (
    <FormDialog
      title={`Rename ${secret.name}`}
      submitLabel="Rename"
      onSubmit={submit}
      onClose={onClose}
      isPending={rename.isPending}
      error={otherError(rename.error, 'name-taken', 'invalid-name')}
    >
      <TextInput
        label="New name"
        description="Its id stays, and with it everything that refers to the secret by id."
        data-autofocus
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={128}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={(wasSent ? complaint : null) ?? fieldMessage(rename.error, 'name-taken', 'invalid-name')}
      />
      <Checkbox
        label={`“${secret.name}” goes on finding it`}
        description="Leaves the old name as an alias, so that nobody who asks by it is cut off."
        checked={leaveAlias}
        disabled={onlyCase && wanted !== secret.name}
        onChange={(event) => setLeaveAlias(event.currentTarget.checked)}
      />
    </FormDialog>
  );
}
