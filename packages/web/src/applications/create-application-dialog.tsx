// A new application, with its first environments.
import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { EnvironmentType } from '@sallyport/core';
import { useAction } from '../client/operations.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { Icon } from '../ui/icons.tsx';
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
  const [environments, setEnvironments] = useState(SUGGESTED);
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
  const change = (key: number, fields: Partial<Draft>): void =>
    onChange(drafts.map((draft) => (draft.key === key ? { ...draft, ...fields } : draft)));
  const add = (): void => {
    const key = Math.max(0, ...drafts.map((draft) => draft.key)) + 1;
    onChange([...drafts, { key, name: '', type: 'non-production' }]);
  };
  return (
    <Stack gap="xs" role="group" aria-label="Environments">
      <div>
        <Text size="sm" fw={600}>
          Environments
        </Text>
        <Text size="xs" c="dimmed">
          Where it runs. More can be added later; the type of each never changes.
        </Text>
      </div>
      {drafts.map(({ key, name, type }, index) => (
        <div key={key} className={classes.draft}>
          <TextInput
            aria-label={`Name of environment ${index + 1}`}
            placeholder="e.g. staging"
            maxLength={128}
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={(event) => change(key, { name: event.currentTarget.value })}
            error={complaints[index] ?? null}
            className={classes.name}
          />
          <EnvironmentTypeField
            label={`Type of environment ${index + 1}`}
            value={type}
            onChange={(chosen) => change(key, { type: chosen })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Leave environment ${index + 1} out`}
            onClick={() => onChange(drafts.filter((draft) => draft.key !== key))}
          >
            <Icon name="close" size={16} />
          </ActionIcon>
        </div>
      ))}
      <Group>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Icon name="plus" size={14} />}
          onClick={add}
        >
          Add environment
        </Button>
      </Group>
    </Stack>
  );
}
