// The record that the address of the page names, whichever page of the list it is on: so that a link leads to one record.
import type { ReactNode } from 'react';
import { useOperation } from '../client/operations.ts';
import { Dialog } from '../ui/dialog.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import type { AuditFilter } from './audit-filter.ts';
import { RecordDialog } from './record-dialog.tsx';

type Props = { sequence: number; filter: AuditFilter; onClose: () => void };

export function LinkedRecord({ sequence, filter, onClose }: Props): ReactNode {
  const query = useOperation('exportAudit', { query: { after: sequence - 1, limit: 1 } });
  const record = query.data?.records.find((one) => one.sequence === sequence);
  if (record !== undefined) return <RecordDialog record={record} filter={filter} onClose={onClose} />;
  return (
    <Dialog opened onClose={onClose} title={`Record ${sequence}`} size="xl">
      <Loaded query={query} rows={4}>
        {({ floor, head }) =>
          sequence <= floor.sequence ? (
            <EmptyState title="This record is no longer kept">
              The trail begins after record {floor.sequence}: earlier ones were removed as the retention says.
            </EmptyState>
          ) : (
            <EmptyState title="There is no such record">The newest one is record {head.sequence}.</EmptyState>
          )
        }
      </Loaded>
    </Dialog>
  );
}
