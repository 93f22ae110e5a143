// Chooses one application, found by typing.
import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';

type Props = {
  /** The one that is chosen; null: none. */
  value: Pick<ApplicationView, 'id' | 'name'> | null;
  onChange: (id: string) => void;
};

const SEARCH_REST_MS = 200;

export function ApplicationPicker({ value, onChange }: Props): ReactNode {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, SEARCH_REST_MS);
  // What stands in the field after a choice is no search.
  const searched = search === value?.name ? '' : search.trim();
  const { data, isFetching } = useOperation(
    'listApplications',
    { query: { limit: 50, ...(searched === '' ? {} : { search: searched }) } },
    { keepsPrevious: true },
  );
  const found = (data?.applications ?? []).map(({ id, name }) => ({ value: id as string, label: name }));
  const isListed = value === null || found.some((one) => one.value === value.id);
  return (
    <Select
      aria-label="Application"
      placeholder="Choose an application"
      searchable
      allowDeselect={false}
      data={isListed ? found : [{ value: value.id, label: value.name }, ...found]}
      value={value?.id ?? null}
      onChange={(id) => {
        if (id !== null) onChange(id);
      }}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      nothingFoundMessage={isFetching ? 'Looking …' : 'No application has this in its name.'}
    />
  );
}
