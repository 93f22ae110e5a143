// API keys of the account: everybody's, with whose they are and when they were last used.
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { ApiKeyTable } from './api-key-table.tsx';

const CreateApiKeyDialog = lazy(async () => ({
  default: (await import('./create-api-key-dialog.tsx')).CreateApiKeyDialog,
}));

export function ApiKeysPage(): ReactNode {
  const [isCreating, setCreating] = useState(false);
  return (
    <Page
      title="API keys"
      description="For programs. A key has the rights of its owner, a user or user groups, or fewer. Programs with an identity of their own need none: see Workloads."
      actions={
        <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setCreating(true)}>
          New API key
        </Button>
      }
    >
      <ApiKeyTable owner="all" />
      <Suspense>{isCreating && <CreateApiKeyDialog onClose={() => setCreating(false)} />}</Suspense>
    </Page>
  );
}
