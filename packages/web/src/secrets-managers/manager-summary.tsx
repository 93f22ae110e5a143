// What the page of a secrets manager shows of it beside the form, a moment after it: its health, and its settings for people who may not
// change them.
import { Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { ManagerFacts } from './manager-facts.tsx';
import { ManagerHealth } from './manager-health.tsx';

type Props = { manager: SecretsManagerView; withFacts: boolean };

export function ManagerSummary({ manager, withFacts }: Props): ReactNode {
  return (
    <Stack gap="md">
      <ManagerHealth manager={manager} />
      {withFacts && <ManagerFacts manager={manager} />}
    </Stack>
  );
}
