// A table of records: one row each, columns by heading. Where there is no room for columns, each row stands as a block of its own with the
// headings beside its cells, so that nothing scrolls sideways.
import { VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './record-table.module.css';

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
  columns: readonly Column<T>[];
  /** Without the border around it, for a table in a panel. */
  isInside?: boolean;
};

export function RecordTable<T>({ label, records, keyOf, columns, isInside = false }: Props<T>): ReactNode {
  return (
    <div className={isInside ? `${classes.frame} ${classes.inside}` : classes.frame}>
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
          {records.map((record) => (
            <tr key={keyOf(record)} data-record={keyOf(record)}>
              {columns.map(({ heading, cell, isActions, isNarrow }) => (
                <td
                  key={heading}
                  data-heading={heading}
                  className={
                    isActions === true ? classes.actions : isNarrow === true ? classes.narrow : undefined
                  }
                >
                  {isActions === true ? (
                    <div className={classes.buttons}>{cell(record)}</div>
                  ) : (
                    <div>{cell(record)}</div>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
