// Chooses one application, found by typing, and one of its environments.
import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import classes from './place-picker.module.css';

/** Ids, or names as they stand in an address; null: not chosen. */
export type ChosenPlace = { application: string | null; environment: string | null };

type Props = {
  value: ChosenPlace;
  /** `found` is the application where it is known. */
  onChange: (place: ChosenPlace, found: ApplicationView | null) => void;
  errors?: { application: string | null; environment: string | null };
  /** As filters: small, without labels above them, and they can be cleared. */
  isFilter?: boolean;
};

const SEARCH_REST_MS = 200;
const NO_ERRORS = { application: null, environment: null };

export function PlacePicker({ value, onChange, errors = NO_ERRORS, isFilter = false }: Props): ReactNode {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, SEARCH_REST_MS);
  const { application, environment } = value;
  const chosen = useOperation(
    'getApplication',
    { params: { application: application ?? '' } },
    { enabled: application !== null },
  );
  const current = application === null ? undefined : chosen.data;
  // What stands in the field after a choice is no search.
  const searched = search === current?.name ? '' : search.trim();
  const listed = useOperation(
    'listApplications',
    { query: { limit: 50, ...(searched === '' ? {} : { search: searched }) } },
    { keepsPrevious: true },
  );
  const found = listed.data?.applications ?? [];
  const options =
    current === undefined || found.some(({ id }) => id === current.id) ? found : [current, ...found];
  const environments = current?.environments ?? [];
  const named = environments.find(({ id, name }) => id === environment || name === environment);
  const labelOf = (label: string): object =>
    isFilter
      ? { 'aria-label': label, placeholder: label, clearable: true }
      : { label, placeholder: `Choose ${label.toLowerCase()}` };
  return (
    <div className={isFilter ? classes.filter : classes.fields}>
      <Select
        {...labelOf('Application')}
        searchable
        data={options.map(({ id, name }) => ({ value: id, label: name }))}
        value={current?.id ?? null}
        onChange={(id) =>
          onChange({ application: id, environment: null }, options.find((one) => one.id === id) ?? null)
        }
        onSearchChange={setTyped}
        filter={({ options: all }) => all}
        nothingFoundMessage={listed.isFetching ? 'Looking …' : 'No application has this in its name.'}
        error={errors.application ?? (chosen.error === null ? null : 'There is no such application.')}
        clearButtonProps={{ 'aria-label': 'Any application' }}
        required={!isFilter}
        withAsterisk={!isFilter}
      />
      <Select
        {...labelOf('Environment')}
        clearable={false}
        data={environments.map(({ id, name }) => ({ value: id, label: name }))}
        value={named?.id ?? null}
        onChange={(id) => onChange({ application: current?.id ?? null, environment: id }, current ?? null)}
        disabled={current === undefined}
        nothingFoundMessage="It has no environment."
        error={errors.environment}
        withAsterisk={!isFilter}
      />
    </div>
  );
}
