// Who had the value, or was refused it, newest first.
import { Badge, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretUse } from '@sallyport/protocol';
import { PageControls } from '../ui/page-controls.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayActorKind } from '../ui/say-actor.ts';
import { Small } from '../ui/small.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useCursorPages } from '../ui/use-cursor-pages.ts';
import classes from './records.module.css';

const PAGE_ROWS = 50;

type Outcome = SecretUse['outcome'] | '';

const COLUMNS: readonly Column<SecretUse>[] = [
  { heading: 'When', isNarrow: true, cell: ({ atMs }) => <RelativeTime atMs={atMs} /> },
  {
    heading: 'Who',
    cell: ({ principal }) => (
      <>
        {principal.name ?? principal.id}
        <Small>{principal.kind !== null && sayActorKind(principal.kind)}</Small>
      </>
    ),
  },
  {
    heading: 'Outcome',
    cell: ({ outcome, code, servedAlone }) => (
      <>
        <Badge color={outcome === 'released' ? 'teal' : 'red'} variant="light" tt="none">
          {outcome}
        </Badge>
        {code !== null && <Small>{code}</Small>}
        {servedAlone !== null && (
          <Small>
            {sayTimes(servedAlone.count)} since <RelativeTime atMs={servedAlone.firstAtMs} />, by the delegate
            alone
          </Small>
        )}
      </>
    ),
  },
  { heading: 'Version', cell: ({ version }) => version ?? '–' },
  { heading: 'Where', cell: sayWhere },
  { heading: 'By delegate', cell: ({ delegate }) => delegate?.name ?? '–' },
  {
    heading: 'Asked for as',
    cell: ({ reference, purpose }) => (
      <>
        {reference ?? '–'}
        {purpose !== null && <Small>{purpose}</Small>}
      </>
    ),
  },
];

function sayTimes(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function sayWhere({ application, environment }: SecretUse): string {
  if (application === null) return 'not said';
  const names = [application.name ?? 'an application', environment?.name ?? 'an environment'];
  return names.join(' / ');
}

export function UsesTable({ secret }: { secret: string }): ReactNode {
  const [outcome, setOutcome] = useState<Outcome>('');
  const pages = useCursorPages('listSecretUses', {
    params: { secret },
    query: { limit: PAGE_ROWS, ...(outcome === '' ? {} : { outcome }) },
  });
  return (
    <>
      <div className={classes.filter}>
        <NativeSelect
          aria-label="Outcome"
          value={outcome}
          onChange={(event) => setOutcome(event.currentTarget.value as Outcome)}
          data={[
            { value: '', label: 'Released and refused' },
            { value: 'released', label: 'Released only' },
            { value: 'refused', label: 'Refused only' },
          ]}
        />
      </div>
      <Loaded query={pages.query}>
        {({ uses }) =>
          uses.length === 0 ? (
            <EmptyState
              title={outcome === 'refused' ? 'Nobody was refused it' : 'Nobody has asked for it yet'}
            >
              Every time that somebody gets the value, or is refused it, is listed here.
            </EmptyState>
          ) : (
            <RecordTable
              label="Uses"
              records={uses}
              keyOf={({ sequence }) => String(sequence)}
              columns={COLUMNS}
            />
          )
        }
      </Loaded>
      <PageControls of="uses" pages={pages} />
    </>
  );
}
