// Tests a saved secrets manager over the list, and shows what comes of it as it comes.
import { Button, Group, Stack } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { Dialog } from '../ui/dialog.tsx';
import { TESTED } from './forgets.ts';
import { PreflightTrial } from './preflight-trial.tsx';
import { useEligible } from './selectors-field.tsx';
import { useLivePreflight } from './use-live-preflight.ts';

type Props = { manager: SecretsManagerView; onClose: () => void };

export function TestDialog({ manager, onClose }: Props): ReactNode {
  const { id, name } = manager;
  const eligible = useEligible(manager);
  const { live, begin, stop } = useLivePreflight();
  const test = useAction(
    async (client) => client.call('testSecretsManager', { params: { secretsManager: id }, ...begin() }),
    { forgets: TESTED },
  );
  const { mutate } = test;
  useEffect(() => mutate(), [mutate]);
  const isRunning = test.data === undefined && test.error === null;
  return (
    <Dialog opened onClose={onClose} title={`Test of ${name}`} size="xl">
      <Stack gap="md">
        <PreflightTrial
          live={isRunning ? live : null}
          expected={eligible.names}
          outcome={test.data ?? null}
          error={test.error}
          onStop={stop}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={() => mutate()} loading={test.isPending}>
            Test again
          </Button>
          <Button onClick={onClose}>Close</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
