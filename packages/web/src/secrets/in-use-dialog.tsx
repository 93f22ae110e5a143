// Says why a secret cannot be deleted: what refers to it.
import { Button, Group, List, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SecretDeletionPreview } from '@sallyport/protocol';
import { Dialog } from '../ui/dialog.tsx';
import { sayCount } from '../ui/say-time.ts';
import { keyOfUsage, saySetupUsage } from './say-usage.ts';

type Props = { preview: SecretDeletionPreview; onClose: () => void };

export function InUseDialog({ preview, onClose }: Props): ReactNode {
  const { secret, setupUsages } = preview;
  return (
    <Dialog opened onClose={onClose} title={`“${secret.name}” is in use`} size="lg">
      <Stack gap="md">
        <Text size="sm">
          Services or start-up profiles refer to it. Remove these entries and edit these profiles first; then
          it can be deleted. With the permission to delete secrets by force it can be deleted all the same.
        </Text>
        <List size="sm" spacing={4}>
          {setupUsages.usages.map((usage) => (
            <List.Item key={keyOfUsage(usage)}>{saySetupUsage(usage)}</List.Item>
          ))}
          {setupUsages.hidden > 0 && (
            <List.Item>And {sayCount(setupUsages.hidden, 'usage', 'usages')} that you may not see</List.Item>
          )}
        </List>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Close
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
