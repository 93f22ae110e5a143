// Edits rows of applications and environments: where a secrets manager may be used, where a secret may, where a group has its rights.
import { Button, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { SCOPE_LIMITS } from '@sallyport/core';
import type { RegionView } from '@sallyport/protocol';
import { Icon } from '../ui/icons.tsx';
import { EVERYWHERE_ROW } from './region-draft.ts';
import type { DraftRow } from './region-draft.ts';
import classes from './region-editor.module.css';
import { RegionRow } from './region-row.tsx';

type Props = {
  /** What the rows are, e.g. `Usage scope`. */
  label: string;
  description?: ReactNode;
  rows: readonly DraftRow[];
  onChange: (rows: DraftRow[]) => void;
  /** The rows as the server showed them, so that what is deleted since keeps its name. */
  shown?: RegionView;
  /** Complain about unfinished rows, e.g. after an attempt to save. */
  showComplaints?: boolean;
  /** What it means when there is no row. */
  nowhere?: string;
};

const NOTHING_SHOWN: RegionView = [];

export function RegionEditor(props: Props): ReactNode {
  const { label, description, rows, onChange, shown = NOTHING_SHOWN, showComplaints = false } = props;
  const { nowhere = 'No rows: nowhere.' } = props;
  const replace = (index: number, row: DraftRow): void => onChange(rows.with(index, row));
  return (
    <fieldset className={classes.editor}>
      <legend>{label}</legend>
      {description !== undefined && (
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      )}
      <Stack gap="xs" className={classes.rows}>
        {rows.length === 0 && (
          <Text size="sm" className={classes.nowhere}>
            {nowhere}
          </Text>
        )}
        {rows.map((row, index) => (
          <RegionRow
            // oxlint-disable-next-line react/no-array-index-key -- rows have no name; what one keeps for itself is which complaints it shows
            key={index}
            position={index + 1}
            row={row}
            onChange={(changed) => replace(index, changed)}
            onRemove={() => onChange(rows.toSpliced(index, 1))}
            shown={shown}
            showComplaints={showComplaints}
          />
        ))}
        <div>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<Icon name="plus" size={14} />}
            disabled={rows.length >= SCOPE_LIMITS.rows}
            onClick={() => onChange([...rows, EVERYWHERE_ROW])}
          >
            Add row
          </Button>
        </div>
      </Stack>
    </fieldset>
  );
}
