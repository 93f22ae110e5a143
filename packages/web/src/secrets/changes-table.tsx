// What was changed about a secret, field by field, newest first.
import type { ReactNode } from 'react';
import type { SecretChange } from '@sallyport/protocol';
import { PageControls } from '../ui/page-controls.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useCursorPages } from '../ui/use-cursor-pages.ts';
import classes from './records.module.css';
import { sayAction, sayChanged } from './say-usage.ts';

const PAGE_ROWS = 50;

const COLUMNS: readonly Column<SecretChange>[] = [
  { heading: 'When', isNarrow: true, cell: ({ atMs }) => <RelativeTime atMs={atMs} /> },
  { heading: 'Who', cell: ({ principal }) => principal.name ?? principal.id },
  { heading: 'What', cell: ({ action }) => sayAction(action) },
  { heading: 'Changes', cell: (change) => <Changes change={change} /> },
];

export function ChangesTable({ secret }: { secret: string }): ReactNode {
  const pages = useCursorPages('listSecretChanges', { params: { secret }, query: { limit: PAGE_ROWS } });
  return (
    <>
      <Loaded query={pages.query}>
        {({ changes }) =>
          changes.length === 0 ? (
            <EmptyState title="Nothing is recorded">
              Changes older than the audit trail are not listed.
            </EmptyState>
          ) : (
            <RecordTable
              label="Change log"
              records={changes}
              keyOf={({ sequence }) => String(sequence)}
              columns={COLUMNS}
            />
          )
        }
      </Loaded>
      <PageControls of="changes" pages={pages} />
    </>
  );
}

function Changes({ change }: { change: SecretChange }): ReactNode {
  return (
    <ul className={classes.changes}>
      {change.changes.map(({ field, from, to }) => (
        <li key={field}>
          {field}: {from !== null && <span className={classes.from}>{sayChanged(field, from)}</span>}
          {from !== null && ' → '}
          {sayChanged(field, to)}
        </li>
      ))}
    </ul>
  );
}
