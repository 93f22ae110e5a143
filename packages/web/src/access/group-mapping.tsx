// Which value of the claim means which user group.
import { Select, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useOperation } from '../client/operations.ts';
import { DraftRows } from '../ui/draft-rows.tsx';
import classes from './oidc-fields.module.css';
import type { MappingDraft } from './sso-draft.ts';

type Props = {
  mapping: readonly MappingDraft[];
  /** Groups that were chosen before, so that one that was deleted since still shows. */
  shown: readonly { id: string; name: string | null }[];
  onChange: (mapping: MappingDraft[]) => void;
  error: string | undefined;
};

export function GroupMapping({ mapping, shown, onChange, error }: Props): ReactNode {
  const query = useOperation('listGroups', {});
  const groups = query.data?.groups ?? [];
  const others = shown.filter(({ id }) => !groups.some((group) => group.id === id));
  const data = [...new Map([...groups, ...others].map((group) => [group.id, group.name]))].map(
    ([value, name]) => ({ value, label: name ?? 'a deleted group' }),
  );
  return (
    <DraftRows
      label="Groups by claim"
      description="Groups that are not named here are left alone, so some can be managed here and others there."
      rows={mapping}
      onChange={onChange}
      blank={{ value: '', group: null }}
      noun="value"
      error={error}
    >
      {({ value, group }, position, change) => (
        <>
          <TextInput
            aria-label={`Value ${position} of the claim`}
            placeholder="Value of the claim"
            maxLength={512}
            autoComplete="off"
            value={value}
            onChange={(event) => change({ value: event.currentTarget.value })}
            className={classes.claim}
          />
          <Select
            aria-label={`User group of value ${position}`}
            placeholder="User group"
            searchable
            data={data}
            value={group}
            onChange={(chosen) => change({ group: chosen })}
            className={classes.claim}
          />
        </>
      )}
    </DraftRows>
  );
}
