// Renames a secret. The former name goes on finding it, unless somebody decides otherwise; whoever would be cut off by that is shown first.
import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { UseMutationResult } from '@tanstack/react-query';
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
type NewName = { name: string; leaveAlias: boolean };
type Rename = {
  rename: UseMutationResult<SecretMetadata | typeof CALLED_OFF, Error, NewName>;
  /** Whether the question of who would be cut off is shown just now. */
  isAsking: boolean;
};

function useRename({ id, name: oldName }: Props['secret']): Rename {
  const confirmations = useConfirmations();
  const [isAsking, setAsking] = useState(false);
  const rename = useAction(
    async (client, given: NewName) => {
      const outcome = await confirmations.runConfirmed({
        title: `Rename “${oldName}” without leaving the old name?`,
        confirmLabel: 'Rename all the same',
        danger: true,
        body: 'Somebody asks for it by the old name, and will not find it any more.',
        run: async (confirmationToken) => {
          try {
            return await client.edit(id, {
              ...given,
              ...(confirmationToken === null ? {} : { confirmationToken }),
            });
          } catch (error) {
            // One dialog at a time: the question takes the place of the form.
            setAsking(effectsIn(error) !== null);
            throw error;
          }
        },
      });
      setAsking(false);
      return outcome;
    },
    { forgets: CHANGES_OF_A_SECRET },
  );
  return { rename, isAsking };
}

export function RenameDialog({ secret, onClose }: Props): ReactNode {
  const [name, setName] = useState(secret.name);
  const [leaveAlias, setLeaveAlias] = useState(true);
  const [wasSent, setSent] = useState(false);
  const { rename, isAsking } = useRename(secret);
  const wanted = name.trim();
  const complaint =
    wanted === secret.name ? 'This is the name that it has.' : complaintOf(checkSecretName, wanted);
  const submit = (): void => {
    setSent(true);
    if (complaint !== null) return;
    rename.mutate(
      { name: wanted, leaveAlias },
      {
        onSuccess: (outcome) => {
          if (outcome === CALLED_OFF) return;
          notify.done(`“${secret.name}” is now called “${wanted}”`);
          onClose();
        },
      },
    );
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
