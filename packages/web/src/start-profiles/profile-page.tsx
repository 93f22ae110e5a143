// One start-up profile: what came of it on each delegate, and what it is.
import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { ReactNode } from 'react';
import type { DelegateProfile, ProfileRun } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { DeleteButton } from '../ui/delete-button.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Icon } from '../ui/icons.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { profileRoute } from './area.ts';
import { NamedSecrets } from './named-secrets.tsx';
import { NotAllowed } from './not-allowed.tsx';
import classes from './profiles.module.css';
import { RunsTable } from './runs-table.tsx';
import { sayWhoRuns } from './say-run.ts';
import { useDeleteProfile, useRunAgain } from './use-profile-changes.ts';

const RunDialog = lazy(async () => ({ default: (await import('./run-dialog.tsx')).RunDialog }));

const LIVE_MS = 3000;

export function ProfilePage(): ReactNode {
  const { profile } = profileRoute.useParams();
  const isManaging = may(useMe(), 'manage-delegates');
  const query = useOperation('getDelegateProfile', { params: { profile } }, { enabled: isManaging });
  if (query.data === undefined) {
    return (
      <Page title="Start-up profile">
        {isManaging ? <Loaded query={query}>{() => null}</Loaded> : <NotAllowed />}
      </Page>
    );
  }
  return <Detail key={query.data.id} profile={query.data} />;
}

function Detail({ profile }: { profile: DelegateProfile }): ReactNode {
  const mayWrite = may(useMe(), 'run-scripts');
  const { id, name, selectors, updatedAtMs, savedBy } = profile;
  const runAgain = useRunAgain(profile);
  const remove = useDeleteProfile(profile);
  return (
    <Page
      title={name}
      description={
        <>
          <TextLink to="/start-up-profiles" isInText>
            Start-up profiles
          </TextLink>{' '}
          · run by {sayWhoRuns(selectors)} · saved <RelativeTime atMs={updatedAtMs} /> by {savedBy}
        </>
      }
      actions={
        <>
          {mayWrite && (
            <>
              <LinkButton
                to="/start-up-profiles/$profile/edit"
                params={{ profile: id }}
                variant="default"
                leftSection={<Icon name="edit" size={16} />}
              >
                Edit
              </LinkButton>
              <Button variant="default" leftSection={<Icon name="refresh" size={16} />} onClick={runAgain}>
                Run again
              </Button>
            </>
          )}
          <DeleteButton onClick={remove}>Delete</DeleteButton>
        </>
      }
    >
      <Runs profile={profile} />
      <What profile={profile} />
    </Page>
  );
}

function Runs({ profile: { id, selectors } }: { profile: DelegateProfile }): ReactNode {
  const query = useOperation('listProfileRuns', { params: { profile: id }, query: {} }, { everyMs: LIVE_MS });
  const { run } = profileRoute.useSearch();
  const navigate = useNavigate();
  const show = (shown: ProfileRun | null): void =>
    void navigate({
      to: '/start-up-profiles/$profile',
      params: { profile: id },
      search: shown === null ? {} : { run: shown.id },
      resetScroll: false,
    });
  return (
    <Panel title="Runs">
      <Loaded query={query} rows={2}>
        {({ runs }) =>
          runs.length === 0 ? (
            <EmptyState title="It has run on no delegate yet">
              It runs on {sayWhoRuns(selectors)} when they first connect. Which are connected, and whether
              they run scripts, is under{' '}
              <TextLink to="/delegates" isInText>
                Delegates
              </TextLink>
              .
            </EmptyState>
          ) : (
            <RunsTable runs={runs} onShow={show} />
          )
        }
      </Loaded>
      {run !== undefined && (
        <Suspense>
          <RunDialog
            profile={id}
            run={run}
            isRunning={query.data?.runs.find((one) => one.id === run)?.state === 'running'}
            onClose={() => show(null)}
          />
        </Suspense>
      )}
    </Panel>
  );
}

function What({ profile }: { profile: DelegateProfile }): ReactNode {
  const { script, secrets, revision, maxSeconds, sha256 } = profile;
  return (
    <Panel title="What is run" actions={<CopyButton text={script} label="Copy script" />}>
      <Stack gap="md">
        <Code block className={classes.output} tabIndex={0} aria-label="Script">
          {script}
        </Code>
        {secrets.length === 0 ? (
          <Text size="sm">It names no secret.</Text>
        ) : (
          <NamedSecrets references={secrets} />
        )}
        <Facts>
          <Fact label="Revision">{revision}</Fact>
          <Fact label="Time limit">
            {maxSeconds === null ? '600 seconds, or what the guard file allows' : `${maxSeconds} seconds`}
          </Fact>
          <Fact label="SHA-256">
            <Group gap="xs">
              <code className={classes.hash}>{sha256}</code>
              <CopyButton text={sha256} />
            </Group>
          </Fact>
        </Facts>
      </Stack>
    </Panel>
  );
}
