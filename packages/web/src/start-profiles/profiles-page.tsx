// All start-up profiles: who runs them, and what came of them on each delegate.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DelegateProfileListing } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { IconLink } from '../ui/icon-link.tsx';
import { Icon } from '../ui/icons.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { Page } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayCount } from '../ui/say-time.ts';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { NotAllowed } from './not-allowed.tsx';
import classes from './profiles.module.css';
import { RunOutcome } from './run-outcome.tsx';

/** How often runs are looked at. */
const LIVE_MS = 5000;
/** So many delegates are listed with each profile; its page has them all. */
const SHOWN_RUNS = 5;

export function ProfilesPage(): ReactNode {
  const me = useMe();
  const isManaging = may(me, 'manage-delegates');
  const mayWrite = isManaging && may(me, 'run-scripts');
  const query = useOperation('listDelegateProfiles', {}, { everyMs: LIVE_MS, enabled: isManaging });
  return (
    <Page
      title="Start-up profiles"
      description="A script that each delegate runs once, when it first connects: to install what later scripts need, to trust a certificate, to register the host. Secrets are filled in at the delegate."
      actions={mayWrite ? <AddButton /> : undefined}
    >
      {isManaging ? (
        <Loaded query={query} rows={3}>
          {({ profiles }) =>
            profiles.length === 0 ? (
              <EmptyState title="No start-up profile yet" action={mayWrite ? <AddButton /> : undefined}>
                {mayWrite
                  ? 'Write a script and say which delegates run it. Their guard files have to allow scripts.'
                  : 'Somebody who has the permission to run scripts as well writes one.'}
              </EmptyState>
            ) : (
              <RecordTable
                label="Start-up profiles"
                records={profiles}
                keyOf={({ id }) => id}
                columns={columnsFor(mayWrite)}
              />
            )
          }
        </Loaded>
      ) : (
        <NotAllowed />
      )}
    </Page>
  );
}

function columnsFor(mayWrite: boolean): Column<DelegateProfileListing>[] {
  return [
    {
      heading: 'Name',
      cell: ({ id, name }) => (
        <TextLink to="/start-up-profiles/$profile" params={{ profile: id }} isName>
          {name}
        </TextLink>
      ),
    },
    {
      heading: 'Run by',
      cell: ({ selectors }) => (selectors.length === 0 ? 'All delegates' : selectors.join(', ')),
    },
    {
      heading: 'Script',
      cell: ({ secrets, revision }) => (
        <>
          Shell script, {secrets.length === 0 ? 'no secrets' : sayCount(secrets.length, 'secret')}
          <Text size="xs" c="dimmed">
            revision {revision}
          </Text>
        </>
      ),
    },
    { heading: 'Last runs', cell: (profile) => <LastRuns profile={profile} /> },
    ...(mayWrite
      ? [
          {
            heading: 'Actions',
            isActions: true,
            cell: ({ id, name }: DelegateProfileListing) => (
              <IconLink
                to="/start-up-profiles/$profile/edit"
                params={{ profile: id }}
                icon="edit"
                label={`Edit ${name}`}
              />
            ),
          },
        ]
      : []),
  ];
}

function LastRuns({ profile }: { profile: DelegateProfileListing }): ReactNode {
  const { id, name, lastRuns, delegatesRun } = profile;
  if (delegatesRun === 0) return <Text size="sm">On no delegate yet</Text>;
  const shown = lastRuns.slice(0, SHOWN_RUNS);
  const more = delegatesRun - shown.length;
  return (
    <ul className={classes.runs} aria-label={`Last runs of ${name}`}>
      {shown.map((run) => (
        <li key={run.id}>
          <TextLink to="/start-up-profiles/$profile" params={{ profile: id }} search={{ run: run.id }}>
            {run.delegateName}
          </TextLink>{' '}
          <RunOutcome run={run} isShort />{' '}
          <Text size="xs" c="dimmed" component="span">
            <RelativeTime atMs={run.endedAtMs ?? run.startedAtMs} />
          </Text>
        </li>
      ))}
      {more > 0 && <li>and on {sayCount(more, 'more delegate')}</li>}
    </ul>
  );
}

function AddButton(): ReactNode {
  return (
    <LinkButton to="/start-up-profiles/add" leftSection={<Icon name="plus" size={16} />}>
      New start-up profile
    </LinkButton>
  );
}
