// Name and type of an environment that is about to be made.
import { SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { EnvironmentType } from '@sallyport/core';

export const TYPE_LABELS: Readonly<Record<EnvironmentType, string>> = {
  production: 'Production',
  'non-production': 'Non-production',
};

type TypeProps = {
  label: string;
  value: EnvironmentType;
  /** Those that may be chosen. */
  types?: readonly EnvironmentType[];
  onChange: (type: EnvironmentType) => void;
};

export function EnvironmentTypeField({
  label,
  value,
  types = ['production', 'non-production'],
  onChange,
}: TypeProps): ReactNode {
  return (
    <SegmentedControl
      aria-label={label}
      size="xs"
      // As tall as the field that it may stand beside.
      my={3}
      value={value}
      data={types.map((type) => ({ value: type, label: TYPE_LABELS[type] }))}
      onChange={onChange}
    />
  );
}

type Props = {
  name: string;
  type: EnvironmentType;
  types: readonly EnvironmentType[];
  nameError: string | null;
  onName: (name: string) => void;
  onType: (type: EnvironmentType) => void;
};

export function EnvironmentFields({ name, type, types, nameError, onName, onType }: Props): ReactNode {
  return (
    <Stack gap="md">
      <TextInput
        label="Name"
        description="A part of addresses: sally://application/environment/secret."
        required
        data-autofocus
        maxLength={128}
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => onName(event.currentTarget.value)}
        error={nameError}
      />
      <div>
        <Text size="sm" fw={600} mb={4}>
          Type
        </Text>
        <EnvironmentTypeField label="Type" value={type} types={types} onChange={onType} />
        <Text size="xs" c="dimmed" mt={4}>
          It never changes: scopes and grants for “all production” would come to mean something else.
        </Text>
      </div>
    </Stack>
  );
}
