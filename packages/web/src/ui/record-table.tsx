// A table of records: one row each, columns by heading. Where there is no room for columns, each row stands as a block of its own with the
// headings beside its cells, so that nothing scrolls sideways. Many rows are made ready in the background.
import { VisuallyHidden } from '@mantine/core';
import { memo, useMemo } from 'react';
import type { ReactNode } from 'react';
import { LoadingState } from './states.tsx';
import classes from './record-table.module.css';
import { useReady } from './use-ready.ts';

/** So few rows are there at once. */
const AT_ONCE_MAX = 12;

export type Column<T> = {
  heading: string;
  cell: (record: T) => ReactNode;
  /** The last column: buttons, whose heading is for screen readers only. */
  isActions?: boolean;
  /** Numbers and times: never broken, and without room to spare. */
  isNarrow?: boolean;
};

type Props<T> = {
  /** What is listed, e.g. `Applications`. */
  label: string;
  records: readonly T[];
  keyOf: (record: T) => string;
  /** Rows are drawn anew when this is another list: for long tables, one that stays. */
  columns: readonly Column<T>[];
  /** Without the border around it, for a table in a panel. */
  isInside?: boolean;
  /** Other records are on their way. */
  isMoving?: boolean;
};

export function RecordTable<T>(props: Props<T>): ReactNode {
  const { label, records, keyOf, columns, isInside = false, isMoving = false } = props;
  const newest = useMemo(() => ({ records, columns }), [records, columns]);
  const shown = useReady(newest, records.length <= AT_ONCE_MAX);
  if (shown === null) return <LoadingState rows={8} />;
  return (
    <div
      className={isInside ? `${classes.frame} ${classes.inside}` : classes.frame}
      aria-busy={isMoving || shown.records !== records}
    >
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ heading, isActions }) => (
              <th key={heading} scope="col">
                {isActions === true ? <VisuallyHidden>{heading}</VisuallyHidden> : heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.records.map((record) => (
            <Row key={keyOf(record)} id={keyOf(record)} record={record} columns={shown.columns} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps<T> = { id: string; record: T; columns: readonly Column<T>[] };

const Row = memo(function Row<T>({ id, record, columns }: RowProps<T>): ReactNode {
  return (
    <tr data-record={id}>
      {columns.map(({ heading, cell, isActions, isNarrow }) => (
        <td
          key={heading}
          data-heading={heading}
          className={isActions === true ? classes.actions : isNarrow === true ? classes.narrow : undefined}
        >
          <div className={isActions === true ? classes.buttons : undefined}>{cell(record)}</div>
        </td>
      ))}
    </tr>
  );
}) as <T>(props: RowProps<T>) => ReactNode;
