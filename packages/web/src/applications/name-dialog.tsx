// One name: of a thing that is renamed, or of a service that is made.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Client, JsonOperationId } from '@sallyport/sdk/browser';
import { useAction } from '../client/operations.ts';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { judgePartName } from './part-name.ts';

type Props = {
  title: string;
  submitLabel: string;
  /** What it is called now. */
  name?: string;
  description?: string;
  save: (client: Client, name: string) => Promise<unknown>;
  forgets: readonly JsonOperationId[];
  onDone: (name: string) => void;
  onClose: () => void;
};

export function NameDialog(props: Props): ReactNode {
  const { title, submitLabel, name: before = '', description, save, forgets, onDone, onClose } = props;
  const [name, setName] = useState(before);
  const [wasSent, setSent] = useState(false);
  const action = useAction(async (client) => save(client, name.trim()), { forgets });
  const complaint = judgePartName(name.trim());
  const submit = (): void => {
    setSent(true);
    if (complaint !== null) return;
    action.mutate(undefined, {
      onSuccess: () => {
        onDone(name.trim());
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title={title}
      submitLabel={submitLabel}
      onSubmit={submit}
      onClose={onClose}
      isPending={action.isPending}
      error={otherError(action.error, 'name-taken', 'invalid-name')}
    >
      <TextInput
        label="Name"
        description={description}
        required
        data-autofocus
        maxLength={128}
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={(wasSent ? complaint : null) ?? fieldMessage(action.error, 'name-taken', 'invalid-name')}
      />
    </FormDialog>
  );
}
