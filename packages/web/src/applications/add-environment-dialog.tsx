// One more environment for an application.
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { EnvironmentType } from '@sallyport/core';
import type { ApplicationView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import { EnvironmentFields } from './environment-fields.tsx';
import { judgePartName } from './part-name.ts';

type Props = { application: ApplicationView; types: readonly EnvironmentType[]; onClose: () => void };

export function AddEnvironmentDialog({ application, types, onClose }: Props): ReactNode {
  const [name, setName] = useState('');
  const [type, setType] = useState<EnvironmentType>(
    types.includes('non-production') ? 'non-production' : 'production',
  );
  const [wasSent, setSent] = useState(false);
  const create = useAction(
    async (client) =>
      client.call('createEnvironment', {
        params: { application: application.id },
        body: { name: name.trim(), type },
      }),
    { forgets: ['getApplication', 'listApplications', 'listConfigEntries'] },
  );
  const complaint = judgePartName(name.trim());
  const submit = (): void => {
    setSent(true);
    if (complaint !== null) return;
    create.mutate(undefined, {
      onSuccess: ({ name }) => {
        notify.done(`The environment “${name}” was added.`);
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title={`Add an environment to ${application.name}`}
      submitLabel="Add"
      onSubmit={submit}
      onClose={onClose}
      isPending={create.isPending}
      error={otherError(create.error, 'name-taken', 'invalid-name')}
    >
      <EnvironmentFields
        name={name}
        type={type}
        types={types}
        nameError={(wasSent ? complaint : null) ?? fieldMessage(create.error, 'name-taken', 'invalid-name')}
        onName={setName}
        onType={setType}
      />
    </FormDialog>
  );
}
