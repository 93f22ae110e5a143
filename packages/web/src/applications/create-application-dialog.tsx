// A new application, with its first environments.
import { TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { EnvironmentType } from '@sallyport/core';
import { useAction } from '../client/operations.ts';
import { DraftRows } from '../ui/draft-rows.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { notify } from '../ui/notify.tsx';
import { EnvironmentTypeField } from './environment-fields.tsx';
import classes from './create-application-dialog.module.css';
import { judgePartName } from './part-name.ts';

type Draft = { key: number; name: string; type: EnvironmentType };

const SUGGESTED: readonly Draft[] = [
  { key: 1, name: 'production', type: 'production' },
  { key: 2, name: 'development', type: 'non-production' },
];

export function CreateApplicationDialog({ onClose }: { onClose: () => void }): ReactNode {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [environments, setEnvironments] = useState<readonly Draft[]>(SUGGESTED);
  const [wasSent, setSent] = useState(false);
  const create = useAction(
    async (client) =>
      client.call('createApplication', {
        body: { name: name.trim(), environments: environments.map(({ name, type }) => ({ name, type })) },
      }),
    { forgets: ['listApplications'] },
  );
  const complaint = judgePartName(name.trim());
  const complaints = environments.map((one) => judgeEnvironment(one, environments));
  const submit = (): void => {
    setSent(true);
    if (complaint !== null || complaints.some((one) => one !== null)) return;
    create.mutate(undefined, {
      onSuccess: ({ id, name }) => {
        notify.done(`The application “${name}” was created.`);
        void navigate({ to: '/applications/$application', params: { application: id } });
      },
    });
  };
  return (
    <FormDialog
      title="New application"
      submitLabel="Create"
      size="lg"
      onSubmit={submit}
      onClose={onClose}
      isPending={create.isPending}
      error={otherError(create.error, 'name-taken')}
    >
      <TextInput
        label="Name"
        required
        data-autofocus
        maxLength={128}
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={(wasSent ? complaint : null) ?? fieldMessage(create.error, 'name-taken')}
      />
      <EnvironmentDrafts
        drafts={environments}
        complaints={wasSent ? complaints : []}
        onChange={setEnvironments}
      />
    </FormDialog>
  );
}

function judgeEnvironment({ key, name }: Draft, all: readonly Draft[]): string | null {
  const isTwice = all.some((one) => one.key < key && one.name.toLowerCase() === name.toLowerCase());
  return judgePartName(name) ?? (isTwice ? 'There are two of that name.' : null);
}

type DraftsProps = {
  drafts: readonly Draft[];
  complaints: readonly (string | null)[];
  onChange: (drafts: readonly Draft[]) => void;
};

function EnvironmentDrafts({ drafts, complaints, onChange }: DraftsProps): ReactNode {
  return (
    <DraftRows
      label="Environments"
      description="Where it runs. More can be added later; the type of each never changes."
      rows={drafts}
      onChange={onChange}
      blank={{ name: '', type: 'non-production' }}
      noun="environment"
    >
      {({ name, type }, position, change) => (
        <>
          <TextInput
            aria-label={`Name of environment ${position}`}
            placeholder="e.g. staging"
            maxLength={128}
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={(event) => change({ name: event.currentTarget.value })}
            error={complaints[position - 1] ?? null}
            className={classes.name}
          />
          <EnvironmentTypeField
            label={`Type of environment ${position}`}
            value={type}
            onChange={(chosen) => change({ type: chosen })}
          />
        </>
      )}
    </DraftRows>
  );
}
