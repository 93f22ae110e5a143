// The records of the audit trail: filters in the address, newest first, page by page or live.
import { Badge, Button, Group, Switch } from '@mantine/core';
import { memo, useCallback, useMemo } from 'react';
import type { ReactNode } from 'react';
import type { AuditRecord } from '@sallyport/protocol';
import { Allowed } from '../client/me.tsx';
import { Icon } from '../ui/icons.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { PageControls } from '../ui/page-controls.tsx';
import { Page } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { sayActorKind } from '../ui/say-actor.ts';
import { Small } from '../ui/small.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useCursorPages } from '../ui/use-cursor-pages.ts';
import { auditRoute } from './area.ts';
import { isNarrow, queryOf, withFields } from './audit-filter.ts';
import type { AuditFilter } from './audit-filter.ts';
import { AuditFilterBar } from './audit-filter-bar.tsx';
import { isRefusal, sayAction } from './audit-words.ts';
import { ExportButton } from './export-button.tsx';
import { LinkedRecord } from './linked-record.tsx';
import { sayExactTime } from './say-exact-time.ts';

const LIVE_MS = 2000;
const AT_ONCE = 50;

export function AuditPage(): ReactNode {
  const filter = auditRoute.useSearch();
  const navigate = auditRoute.useNavigate();
  const isLive = filter.live === true;
  const pages = useCursorPages(
    'listAudit',
    { query: { ...queryOf(filter), limit: AT_ONCE } },
    isLive ? { everyMs: LIVE_MS } : {},
  );
  // They stay the same, so that neither the filters nor the rows are drawn anew whenever the page is.
  const change = useCallback(
    (fields: Parameters<typeof withFields>[1]): void =>
      void navigate({ search: (now) => withFields(now, fields), replace: true }),
    [navigate],
  );
  const show = useCallback((record: number) => change({ record }), [change]);
  const apply = useCallback((changed: AuditFilter) => void navigate({ search: changed }), [navigate]);
  return (
    <Page
      title="Audit trail"
      description="Every change, and every release or refusal of a secret, newest first. Records form a chain that delegates sign, so that nobody can rewrite the past unseen."
      actions={<Actions />}
    >
      <FilterBar
        key={JSON.stringify(withFields(filter, { live: undefined, record: undefined }))}
        filter={filter}
        onChange={apply}
      />
      <Group justify="space-between">
        <Switch
          label="Live"
          description="New records appear by themselves."
          checked={isLive}
          onChange={(event) => change({ live: event.currentTarget.checked })}
        />
        {isNarrow(filter) && (
          <Button variant="default" size="compact-sm" onClick={() => apply(isLive ? { live: true } : {})}>
            Clear filters
          </Button>
        )}
      </Group>
      <Loaded query={pages.query} rows={8}>
        {({ records, nextCursor }) => (
          <>
            {records.length === 0 ? (
              <NothingThere isNarrow={isNarrow(filter)} hasMore={nextCursor !== null} />
            ) : (
              <Records records={records} onShow={show} isMoving={pages.isMoving} />
            )}
            <PageControls of="records" pages={pages} />
          </>
        )}
      </Loaded>
      {filter.record !== undefined && (
        <LinkedRecord
          key={filter.record}
          sequence={filter.record}
          filter={filter}
          onClose={() => change({ record: undefined })}
        />
      )}
    </Page>
  );
}

const FilterBar = memo(AuditFilterBar);

type RecordsProps = {
  records: readonly AuditRecord[];
  onShow: (sequence: number) => void;
  isMoving: boolean;
};

function Actions(): ReactNode {
  return (
    <Allowed permission="view-audit-trail">
      <LinkButton to="/audit/checkpoints" variant="default">
        Checkpoints and sinks
      </LinkButton>
      <LinkButton to="/audit/verify" variant="default" leftSection={<Icon name="check" size={16} />}>
        Verify
      </LinkButton>
      <ExportButton />
    </Allowed>
  );
}

function Records({ records, onShow, isMoving }: RecordsProps): ReactNode {
  const columns = useMemo(() => columnsOf(onShow), [onShow]);
  return (
    <RecordTable
      label="Audit records"
      records={records}
      keyOf={({ sequence }) => String(sequence)}
      columns={columns}
      isMoving={isMoving}
    />
  );
}

function columnsOf(onShow: RecordsProps['onShow']): readonly Column<AuditRecord>[] {
  return [
    {
      heading: 'Time',
      isNarrow: true,
      cell: ({ atMs }) => <time dateTime={new Date(atMs).toISOString()}>{sayExactTime(atMs)}</time>,
    },
    { heading: 'Action', cell: (record) => <ActionCell record={record} /> },
    {
      heading: 'Who',
      cell: ({ actorName, actorKind }) => (
        <>
          {actorName}
          <Small>{sayActorKind(actorKind)}</Small>
        </>
      ),
    },
    { heading: 'To what', cell: ({ resource, resourceName }) => resourceName ?? resource },
    {
      heading: 'Actions',
      isActions: true,
      cell: (record) => (
        <Button
          variant="default"
          size="compact-sm"
          aria-label={`Details of record ${record.sequence}`}
          onClick={() => onShow(record.sequence)}
        >
          Details
        </Button>
      ),
    },
  ];
}

function ActionCell({ record }: { record: AuditRecord }): ReactNode {
  const { action } = record;
  return isRefusal(action) ? (
    <Badge color="red" variant="light" tt="none" fw={600}>
      {sayAction(action)}
    </Badge>
  ) : (
    sayAction(action)
  );
}

function NothingThere({ isNarrow, hasMore }: { isNarrow: boolean; hasMore: boolean }): ReactNode {
  if (hasMore) {
    return (
      <EmptyState title="Nothing on this page">
        The server has looked through a part of the trail. Go on to the next page.
      </EmptyState>
    );
  }
  return isNarrow ? (
    <EmptyState title="No record is like that">Widen the filters, or clear them.</EmptyState>
  ) : (
    <EmptyState title="No record yet">Whatever is changed, read or refused from now on is here.</EmptyState>
  );
}
