// What the last test of a secrets manager found out, per delegate, with how long it took and when that was.
import { Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayCount } from '../ui/say-time.ts';
import { latencyMs, useLastTest } from './last-tests.ts';
import classes from './secrets-managers-page.module.css';

const PreflightReport = lazy(async () => ({
  default: (await import('./preflight-report.tsx')).PreflightReport,
}));

export function ManagerHealth({ manager }: { manager: SecretsManagerView }): ReactNode {
  const { id, name } = manager;
  const last = useLastTest(id);
  const [isOpen, setOpen] = useState(false);
  if (last === null) {
    return (
      <Text size="xs" c="dimmed" title="Results of tests are kept for as long as this page is open.">
        Not tested in this session
      </Text>
    );
  }
  const warnings = last.outcome.delegates.reduce(
    (sum, { report }) => sum + (report?.warnings.length ?? 0),
    0,
  );
  return (
    <>
      <UnstyledButton
        className={classes.health}
        onClick={() => setOpen(true)}
        data-health={last.outcome.ok ? 'passed' : 'failed'}
      >
        <VisuallyHidden>Last test of {name}:</VisuallyHidden>
        {last.outcome.delegates.map((one) => {
          const isOk = one.report?.ok === true;
          const tookMs = latencyMs(one);
          return (
            <Text key={one.delegateId} size="xs" component="span" className={classes.line}>
              <span className={isOk ? classes.passed : classes.failed}>
                <Icon name={isOk ? 'check' : 'close'} size={14} />
              </span>
              {one.delegateName} {isOk ? 'works' : 'fails'}
              {tookMs !== null && `, ${tookMs.toLocaleString('en')} ms`}
            </Text>
          );
        })}
        <Text size="xs" c="dimmed" component="span">
          <RelativeTime atMs={last.atMs} />
          {warnings > 0 && `, ${sayCount(warnings, 'warning')}`}
        </Text>
      </UnstyledButton>
      <Dialog opened={isOpen} onClose={() => setOpen(false)} title={`Last test of ${name}`} size="xl">
        <Suspense>
          <PreflightReport outcome={last.outcome} />
        </Suspense>
      </Dialog>
    </>
  );
}
