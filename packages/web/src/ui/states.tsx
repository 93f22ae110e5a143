// What stands in a page while something is loaded, when it failed, and when there is nothing yet. Each says what to do next, and takes the
// room that the content will take, so that nothing jumps.
import { Skeleton, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { ErrorPanel } from './error-panel.tsx';
import classes from './states.module.css';

/** Lines where content will be. */
export function LoadingState({ rows = 5, label = 'Loading' }: { rows?: number; label?: string }): ReactNode {
  return (
    <Stack gap="sm" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={36} radius="sm" />
      ))}
    </Stack>
  );
}

type EmptyProps = {
  title: string;
  /** What this page will show, or why there is nothing. */
  children?: ReactNode;
  /** What to do next. */
  action?: ReactNode;
};

/** Where there is nothing (yet). */
export function EmptyState({ title, children, action }: EmptyProps): ReactNode {
  return (
    <div className={classes.empty}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children !== undefined && (
        <Text c="dimmed" size="sm" component="div" className={classes.emptyText}>
          {children}
        </Text>
      )}
      {action !== undefined && <div>{action}</div>}
    </div>
  );
}

type LoadedProps<T> = {
  query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  /** Rows of the loading state. */
  rows?: number;
  children: (data: T) => ReactNode;
};

/** The state of a query: loading, failed, or its data. Data that is there stays while it is read anew, also when that fails. */
export function Loaded<T>({ query, rows = 5, children }: LoadedProps<T>): ReactNode {
  const { data, error, refetch } = query;
  if (data === undefined && error === null) return <LoadingState rows={rows} />;
  const panel = error === null ? null : <ErrorPanel error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return panel;
  return (
    <>
      {panel}
      {children(data)}
    </>
  );
}
