// A test as it is shown from its beginning to its end: what runs, then what it found out, in the same places. What changes is said by one
// quiet sentence instead of the whole of it.
import { Button, Group, Stack, Title, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import type { PreflightOutcome } from '@sallyport/protocol';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { sayCount } from '../ui/say-time.ts';
import { stepsOf } from './live-preflight.ts';
import type { LivePreflight } from './live-preflight.ts';
import { DelegateCard, PreflightReport, sayOutcome } from './preflight-report.tsx';
import classes from './preflight-report.module.css';
import { wasStopped } from './use-live-preflight.ts';

type Props = {
  /** What is known of the one that runs; null: none runs. */
  live: LivePreflight | null;
  /** Who will be asked as far as this page knows, until the server says. */
  expected: readonly string[];
  outcome: PreflightOutcome | null;
  error: unknown;
  errorTitle?: string;
  isOutdated?: boolean;
  isRefusal?: boolean;
  /** Calls the one that runs off; left out: that is not offered. */
  onStop?: (() => void) | undefined;
};

export function PreflightTrial(props: Props): ReactNode {
  const { live, expected, outcome, error, errorTitle, isOutdated = false, isRefusal = false, onStop } = props;
  const failure = wasStopped(error) ? null : error;
  return (
    <>
      <VisuallyHidden aria-live="polite">{sentenceOf(props)}</VisuallyHidden>
      {live !== null && <Running live={live} expected={expected} onStop={onStop} />}
      {live === null && failure !== null && (
        <ErrorPanel error={failure} {...(errorTitle === undefined ? {} : { title: errorTitle })} />
      )}
      {live === null && wasStopped(error) && <p className={classes.stopped}>The test was stopped.</p>}
      {live === null && outcome !== null && (
        <PreflightReport outcome={outcome} isOutdated={isOutdated} isRefusal={isRefusal} />
      )}
    </>
  );
}

function sentenceOf({ live, outcome, isRefusal = false }: Props): string {
  if (live !== null) return live.news;
  return outcome === null ? '' : `${sayOutcome(outcome, isRefusal)}.`;
}

function Running({
  live,
  expected,
  onStop,
}: {
  live: LivePreflight;
  expected: readonly string[];
  onStop: (() => void) | undefined;
}): ReactNode {
  const { delegates } = live;
  const count = delegates?.length ?? expected.length;
  return (
    <section aria-label="Test is running" aria-busy="true">
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4">
            {count === 0
              ? 'Testing …'
              : `Testing on ${count === 1 ? 'one delegate' : sayCount(count, 'delegate')} …`}
          </Title>
          {onStop !== undefined && (
            <Button variant="default" size="compact-xs" flex="none" onClick={onStop}>
              Stop
            </Button>
          )}
        </Group>
        {delegates === null
          ? expected.map((name) => <DelegateCard key={name} name={name} state="running" steps={[]} />)
          : delegates.map((one) => (
              <DelegateCard
                key={one.delegateId}
                name={one.delegateName}
                state={stateOf(one.finished)}
                steps={stepsOf(one)}
                silentSeconds={one.silentSeconds}
                finished={one.finished}
              />
            ))}
      </Stack>
    </section>
  );
}

function stateOf(finished: PreflightOutcome['delegates'][number] | null): 'running' | 'passed' | 'failed' {
  if (finished === null) return 'running';
  return finished.report?.ok === true ? 'passed' : 'failed';
}
