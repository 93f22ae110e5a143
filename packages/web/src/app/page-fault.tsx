// Where a page ends that broke: what went wrong, and the way on. A page whose code is gone, because the server was updated meanwhile, is
// loaded again.
import { Button, Group } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { Page } from '../ui/page.tsx';

export function PageFault({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <Page title="This page broke">
      <ErrorPanel error={error} onRetry={reset} />
      <Group>
        <Button variant="default" onClick={() => window.location.reload()}>
          Load the page again
        </Button>
      </Group>
    </Page>
  );
}
