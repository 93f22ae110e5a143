// What came of a start-up profile, one row for each delegate and revision, the newest first.
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ProfileRun } from '@sallyport/protocol';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { RunOutcome } from './run-outcome.tsx';

type Props = { runs: readonly ProfileRun[]; onShow: (run: ProfileRun) => void };

export function RunsTable({ runs, onShow }: Props): ReactNode {
  const columns: Column<ProfileRun>[] = [
    { heading: 'Delegate', cell: ({ delegateName }) => delegateName },
    { heading: 'Revision', isNarrow: true, cell: ({ revision }) => revision },
    { heading: 'Outcome', cell: (run) => <RunOutcome run={run} /> },
    { heading: 'Started', isNarrow: true, cell: ({ startedAtMs }) => <RelativeTime atMs={startedAtMs} /> },
    {
      heading: 'Took',
      isNarrow: true,
      cell: ({ end }) => (end === null ? '–' : `${(end.elapsedMs / 1000).toFixed(1)} s`),
    },
    {
      heading: 'Actions',
      isActions: true,
      // What was refused has not begun, so there is nothing to see.
      cell: (run) =>
        run.state === 'refused' ? null : (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onShow(run)}
            aria-label={`Output on ${run.delegateName}, revision ${run.revision}`}
          >
            Output
          </Button>
        ),
    },
  ];
  return <RecordTable label="Runs" records={runs} keyOf={({ id }) => id} columns={columns} isInside />;
}
