// Delegates that connect while the page is open.
import { Group, Loader, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { DelegateView } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { DelegateCard } from './delegate-card.tsx';
import classes from './delegates-page.module.css';

const EVERY_MS = 2000;

export function Arrivals(): ReactNode {
  const { data, error } = useOperation('listDelegates', {}, { everyMs: EVERY_MS });
  const [before, setBefore] = useState<ReadonlySet<string> | null>(null);
  if (before === null && data !== undefined) setBefore(presentIn(data.delegates));
  const arrived =
    before === null || data === undefined
      ? []
      : data.delegates.filter(({ id, state }) => !before.has(id) && state !== 'disconnected');
  return (
    <div aria-live="polite">
      <Stack gap="sm">
        {error !== null && <ErrorPanel error={error} />}
        {arrived.length === 0 ? (
          <Group gap="sm" wrap="nowrap">
            <Loader size="xs" />
            <Text size="sm" c="dimmed">
              Waiting for it. It appears here by itself.
            </Text>
          </Group>
        ) : (
          <ul className={classes.list} aria-label="Connected since this page was opened">
            {arrived.map((delegate) => (
              <DelegateCard key={delegate.id} delegate={delegate} />
            ))}
          </ul>
        )}
      </Stack>
    </div>
  );
}

/** Those that need not arrive anymore. */
function presentIn(delegates: readonly DelegateView[]): ReadonlySet<string> {
  return new Set(delegates.filter(({ state }) => state !== 'disconnected').map(({ id }) => id));
}
