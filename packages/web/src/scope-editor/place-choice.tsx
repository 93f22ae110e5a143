// Several applications or environments out of many, found by typing.
import { MultiSelect } from '@mantine/core';
import type { ReactNode } from 'react';
import type { PlaceOption } from './use-places.ts';

type Props = {
  label: string;
  placeholder: string;
  options: PlaceOption[];
  value: string[];
  onChange: (value: string[]) => void;
  /** Given: what is typed is searched for elsewhere too. */
  onSearch?: (text: string) => void;
  onLeave: () => void;
  error: string | null;
  /** What stands in the list when it is empty. */
  nothing: string;
};

export function PlaceChoice(props: Props): ReactNode {
  const { label, placeholder, options, value, onChange, onSearch, onLeave, error, nothing } = props;
  return (
    <MultiSelect
      mt={6}
      aria-label={label}
      placeholder={value.length === 0 ? placeholder : ''}
      data={options}
      value={value}
      onChange={onChange}
      onBlur={onLeave}
      searchable
      hidePickedOptions
      clearSearchOnChange
      nothingFoundMessage={nothing}
      error={error}
      {...(onSearch === undefined ? {} : { onSearchChange: onSearch })}
    />
  );
}
