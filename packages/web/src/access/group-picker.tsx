// Chooses user groups by name, of those that the person may see.
import { MultiSelect } from '@mantine/core';
import type { ReactNode } from 'react';
import { useOperation } from '../client/operations.ts';

type Mention = { id: string; name: string | null };
type Props = {
  label: string;
  description?: ReactNode;
  value: readonly string[];
  onChange: (groupIds: string[]) => void;
  /** Groups that were chosen before, so that one that was deleted since still shows. */
  shown?: readonly Mention[];
  required?: boolean;
  error?: ReactNode;
};

export function GroupPicker(props: Props): ReactNode {
  const { label, description, value, onChange, shown = [], required = false, error } = props;
  const query = useOperation('listGroups', {});
  const groups: Mention[] = [...(query.data?.groups ?? [])];
  const others = shown.filter(({ id }) => !groups.some((group) => group.id === id));
  return (
    <MultiSelect
      label={label}
      description={description}
      placeholder={value.length === 0 ? 'Choose user groups' : undefined}
      required={required}
      searchable
      data={[...groups, ...others].map(({ id, name }) => ({ value: id, label: name ?? 'a deleted group' }))}
      value={[...value]}
      onChange={onChange}
      nothingFoundMessage={query.isLoading ? 'Loading …' : 'No such group.'}
      error={error ?? (query.error === null ? null : 'The groups could not be listed.')}
    />
  );
}
