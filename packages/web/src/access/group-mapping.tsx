// Which value of the claim means which user group.
import { ActionIcon, Button, Input, Select, Stack, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useOperation } from '../client/operations.ts';
import { Icon } from '../ui/icons.tsx';
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
  const change = (key: number, fields: Partial<MappingDraft>): void =>
    onChange(mapping.map((row) => (row.key === key ? { ...row, ...fields } : row)));
  const add = (): void =>
    onChange([
      ...mapping,
      { key: Math.max(0, ...mapping.map(({ key }) => key)) + 1, value: '', group: null },
    ]);
  return (
    <Stack gap="xs" role="group" aria-label="Groups by claim">
      <div>
        <Input.Label component="div">Groups by claim</Input.Label>
        <Text size="xs" c="dimmed">
          Groups that are not named here are left alone, so some can be managed here and others there.
        </Text>
      </div>
      {mapping.map(({ key, value, group }, index) => (
        <div key={key} className={classes.rule}>
          <TextInput
            aria-label={`Value ${index + 1} of the claim`}
            placeholder="Value of the claim"
            maxLength={512}
            autoComplete="off"
            value={value}
            onChange={(event) => change(key, { value: event.currentTarget.value })}
            className={classes.claim}
          />
          <Select
            aria-label={`User group of value ${index + 1}`}
            placeholder="User group"
            searchable
            data={data}
            value={group}
            onChange={(chosen) => change(key, { group: chosen })}
            className={classes.claim}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Remove value ${index + 1}`}
            title="Remove value"
            onClick={() => onChange(mapping.filter((row) => row.key !== key))}
          >
            <Icon name="trash" size={16} />
          </ActionIcon>
        </div>
      ))}
      {error !== undefined && <Input.Error>{error}</Input.Error>}
      <div>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Icon name="plus" size={14} />}
          onClick={add}
        >
          Add value
        </Button>
      </div>
    </Stack>
  );
}
