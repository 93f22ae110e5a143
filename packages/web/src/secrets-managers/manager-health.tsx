// What the last test of a secrets manager found, in a few lines; the whole of it, stage by stage, opens over the page.
import { Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { DelegateHealth, ManagerHealth as Health, SecretsManagerView } from '@sallyport/protocol';
import { sayDelegateHealth, sayHealth, sayHealthLatency } from '@sallyport/protocol/client';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayCount } from '../ui/say-time.ts';
import classes from './manager-health.module.css';

const LastTest = lazy(async () => ({ default: (await import('./last-test.tsx')).LastTest }));

/** Delegates that have a line of their own below the first one. */
const LINES_MAX = 3;
/** Closer together than that, results are of one test. */
const SAME_TEST_MS = 60_000;

export function ManagerHealth({ manager }: { manager: SecretsManagerView }): ReactNode {
  const { name, health } = manager;
  const [isOpen, setOpen] = useState(false);
  if (health.state === 'untested') {
    return (
      <Text size="xs" c="dimmed" data-health="untested">
        {sayHealth(health)}
      </Text>
    );
  }
  const lines = linesBelow(health);
  const more = lines.length - LINES_MAX;
  const took = sayHealthLatency(health);
  const [first] = health.delegates;
  // Other delegates' warnings are in their lines.
  const warnings = first === undefined || lines.includes(first) ? 0 : first.warningCount;
  return (
    <>
      <UnstyledButton className={classes.health} onClick={() => setOpen(true)} data-health={health.state}>
        <VisuallyHidden>Last test of {name}:</VisuallyHidden>
        <Line look={LOOKS[health.state]}>{sayHealth(health)}</Line>
        {lines.slice(0, LINES_MAX).map((one) => (
          <Line key={one.delegateId} look={one.isOutdated ? 'unknown' : one.ok ? 'passed' : 'failed'}>
            {one.delegateName} {sayDelegateHealth(one)}
            {Math.abs(one.atMs - (health.atMs ?? 0)) > SAME_TEST_MS && (
              <>
                , <RelativeTime atMs={one.atMs} />
              </>
            )}
          </Line>
        ))}
        <Text size="xs" c="dimmed" component="span">
          {more > 0 && `and ${more} more · `}
          {took !== null && `${took} · `}
          <RelativeTime atMs={health.atMs} />
          {warnings > 0 && ` · ${sayCount(warnings, 'warning')}`}
        </Text>
      </UnstyledButton>
      <Dialog opened={isOpen} onClose={() => setOpen(false)} title={`Last test of ${name}`} size="xl">
        <Suspense>
          <LastTest manager={manager} />
        </Suspense>
      </Dialog>
    </>
  );
}

type Look = 'passed' | 'failed' | 'unknown';

const LOOKS: Readonly<Record<Health['state'], Look>> = {
  untested: 'unknown',
  outdated: 'unknown',
  healthy: 'passed',
  degraded: 'failed',
  failing: 'failed',
};

const ICONS = { passed: 'check', failed: 'close', unknown: 'circle' } as const;

function Line({ look, children }: { look: Look; children: ReactNode }): ReactNode {
  return (
    <Text size="xs" component="span" className={classes.line}>
      <span className={classes[look]}>
        <Icon name={ICONS[look]} size={14} />
      </span>
      <span>{children}</span>
    </Text>
  );
}

/** Those that the first line does not name already. */
function linesBelow({ state, tested, delegates }: Health): readonly DelegateHealth[] {
  return state === 'outdated' || (state === 'healthy' && tested > 1) ? delegates : delegates.slice(1);
}
