// Chooses a secret by name: the server is asked while somebody types, since there can be very many.
import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useOperation } from '../client/operations.ts';
import { sayScope } from '../scope-editor/say-region.ts';

const REST_MS = 200;
const AT_ONCE = 20;

type Props = {
  /** The one that is chosen already; null name: the person may not see it. */
  chosen: { id: string; name: string | null } | null;
  onChange: (secretId: string | null) => void;
  error: string | null;
};

export function SecretPicker({ chosen, onChange, error }: Props): ReactNode {
  const first =
    chosen === null ? null : { value: chosen.id, label: chosen.name ?? 'one that you may not see' };
  const [picked, setPicked] = useState(first);
  const [text, setText] = useState(first?.label ?? '');
  const typed = text === picked?.label ? '' : text.trim();
  const [search] = useDebouncedValue(typed, REST_MS);
  const found = useOperation('listSecrets', {
    query: { limit: AT_ONCE, ...(search === '' ? {} : { search }) },
  });
  const secrets = found.data?.secrets ?? [];
  // Of one name there may be several, each for places of its own: then the scope tells them apart.
  const options = secrets.map(({ id, name, scope }) => ({
    value: id as string,
    label: secrets.some((one) => one.id !== id && one.name === name) ? `${name} (${sayScope(scope)})` : name,
  }));
  const isPickedListed = picked === null || options.some(({ value }) => value === picked.value);
  return (
    <Select
      label="Secret"
      description="Type a part of its name. The entry keeps the secret when that is renamed."
      placeholder="Search secrets"
      required
      searchable
      data={isPickedListed ? options : [picked, ...options]}
      // What the server found is what there is to choose from.
      filter={({ options }) => options}
      value={picked?.value ?? null}
      searchValue={text}
      onSearchChange={setText}
      onChange={(value) => {
        setPicked(options.find((option) => option.value === value) ?? null);
        onChange(value);
      }}
      nothingFoundMessage={
        found.isLoading || typed !== search ? 'Searching …' : 'No secret that you may see.'
      }
      error={error ?? (found.error === null ? null : 'The secrets could not be listed. Type again to retry.')}
    />
  );
}
