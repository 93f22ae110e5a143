// Chooses the secrets manager that protects a value.
import { NativeSelect } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';

type Props = {
  managers: readonly SecretsManagerView[];
  /** Id; null: the default one. */
  value: string | null;
  onChange: (id: string | null) => void;
  description?: string;
  error?: string | null;
};

export function ManagerSelect({ managers, value, onChange, description, error = null }: Props): ReactNode {
  const standard = managers.find(({ isDefault }) => isDefault);
  return (
    <NativeSelect
      label="Secrets manager"
      description={description}
      error={error}
      value={value ?? standard?.id ?? ''}
      onChange={(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.value)}
      data={[
        ...(standard === undefined && value === null
          ? [{ value: '', label: 'Choose a secrets manager' }]
          : []),
        ...managers.map(({ id, name, isDefault }) => ({
          value: id,
          label: isDefault ? `${name} (default)` : name,
        })),
      ]}
    />
  );
}
