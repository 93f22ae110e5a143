// Lets a variable or file of a service refer to a secret.
import { SegmentedControl, Select, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView, ConfigEntryView, ServiceView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import type { ApplicationRights } from './application-rights.ts';
import { judgeEntryName } from './part-name.ts';
import { SecretPicker } from './secret-picker.tsx';

type Kind = ConfigEntryView['kind'];
type Props = {
  application: ApplicationView;
  service: ServiceView;
  rights: ApplicationRights;
  /** null: a new one. Of one that is there, only the secret changes. */
  entry: ConfigEntryView | null;
  onClose: () => void;
};

const ALL = 'all';
const KINDS = [
  { value: 'variable', label: 'Variable' },
  { value: 'file', label: 'File' },
] as const;

export function ConfigEntryDialog({ application, service, rights, entry, onClose }: Props): ReactNode {
  const places = [
    ...(rights.setEntry(null) ? [{ value: ALL, label: 'All environments' }] : []),
    ...application.environments.filter(rights.setEntry).map(({ id, name }) => ({ value: id, label: name })),
  ];
  const [kind, setKind] = useState<Kind>(entry?.kind ?? 'variable');
  const [name, setName] = useState(entry?.name ?? '');
  const [place, setPlace] = useState<string>(entry?.environment?.id ?? places[0]?.value ?? ALL);
  const [secret, setSecret] = useState<string | null>(entry?.secret.id ?? null);
  const [wasSent, setSent] = useState(false);
  const put = useAction(
    async (client) =>
      client.call('putConfigEntry', {
        params: { application: application.id, service: service.id },
        body: { kind, name, environment: place === ALL ? null : place, secret: secret ?? '' },
      }),
    { forgets: ['listConfigEntries'] },
  );
  const complaint = judgeEntryName(kind, name);
  const submit = (): void => {
    setSent(true);
    if (complaint !== null || secret === null) return;
    put.mutate(undefined, {
      onSuccess: () => {
        notify.done(`${name} of ${service.name} refers to its secret.`);
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title={entry === null ? `Add a variable or file to ${service.name}` : `Edit ${entry.name}`}
      submitLabel={entry === null ? 'Add' : 'Save'}
      onSubmit={submit}
      onClose={onClose}
      isPending={put.isPending}
      error={otherError(put.error, 'invalid-name')}
    >
      {entry === null && (
        <SegmentedControl aria-label="Kind" value={kind} data={[...KINDS]} onChange={setKind} />
      )}
      <NameField
        kind={kind}
        name={name}
        isFixed={entry !== null}
        onChange={setName}
        error={(wasSent ? complaint : null) ?? fieldMessage(put.error, 'invalid-name')}
      />
      <Select
        label="Environment"
        description="An entry for one environment counts there instead of the one for all."
        data={places}
        value={place}
        onChange={(value) => setPlace(value ?? ALL)}
        allowDeselect={false}
        disabled={entry !== null}
        comboboxProps={{ withinPortal: true }}
      />
      <SecretPicker
        chosen={entry === null ? null : entry.secret}
        onChange={setSecret}
        error={wasSent && secret === null ? 'Choose the secret.' : null}
      />
    </FormDialog>
  );
}

type NameProps = {
  kind: Kind;
  name: string;
  isFixed: boolean;
  onChange: (name: string) => void;
  error: string | null;
};

function NameField({ kind, name, isFixed, onChange, error }: NameProps): ReactNode {
  const isVariable = kind === 'variable';
  if (isFixed) {
    return (
      <Text size="sm">
        {isVariable ? 'Variable' : 'File'} <strong>{name}</strong>
      </Text>
    );
  }
  return (
    <TextInput
      label={isVariable ? 'Variable' : 'Path of the file'}
      placeholder={isVariable ? 'DB_PASSWORD' : 'etc/tls.pem'}
      required
      data-autofocus
      maxLength={512}
      autoComplete="off"
      spellCheck={false}
      value={name}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
    />
  );
}
