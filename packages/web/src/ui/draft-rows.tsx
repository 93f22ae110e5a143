// Rows of fields that somebody adds and removes, such as the rules of an issuer: what is common to them, around the fields of each.
import { Button, Input, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './draft-rows.module.css';
import { IconButton } from './icon-button.tsx';
import { Icon } from './icons.tsx';

/** What a row needs: a key of its own, that stays while others come and go. */
type Row = { key: number };

type Props<R extends Row> = {
  /** What the rows are, e.g. `Rules`. */
  label: string;
  description: ReactNode;
  required?: boolean;
  rows: readonly R[];
  onChange: (rows: R[]) => void;
  /** What a new row has in it. */
  blank: Omit<R, 'key'>;
  /** What one row is, e.g. `rule`; buttons say `Add rule` and `Remove rule 2`. */
  noun: string;
  /** What is wrong with them as a whole. */
  error?: string | undefined;
  /** The fields of a row. @param position from 1 */
  children: (row: R, position: number, change: (fields: Partial<R>) => void) => ReactNode;
};

export function DraftRows<R extends Row>(props: Props<R>): ReactNode {
  const { label, description, required = false, rows, onChange, blank, noun, error, children } = props;
  const change = (key: number, fields: Partial<R>): void =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...fields } : row)));
  const add = (): void => {
    const key = Math.max(0, ...rows.map((row) => row.key)) + 1;
    onChange([...rows, { ...blank, key } as R]);
  };
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <div>
        <Input.Label component="div" required={required}>
          {label}
        </Input.Label>
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      </div>
      {rows.map((row, index) => (
        <div key={row.key} className={classes.row}>
          <div className={classes.fields}>
            {children(row, index + 1, (fields) => change(row.key, fields))}
          </div>
          <IconButton
            icon="trash"
            label={`Remove ${noun} ${index + 1}`}
            isLarge
            title={`Remove ${noun}`}
            onClick={() => onChange(rows.filter(({ key }) => key !== row.key))}
          />
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
          Add {noun}
        </Button>
      </div>
    </Stack>
  );
}
