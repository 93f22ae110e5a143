// How far a file has come: sealed here, then on its way to the delegate, which answers when it is stored.
import { Button, Group, Progress, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { sayBytes } from '../ui/say-time.ts';

type Props = { fileBytes: number; sealedBytes: number; onStop: () => void };

export function UploadProgress({ fileBytes, sealedBytes, onStop }: Props): ReactNode {
  const isSealed = sealedBytes >= fileBytes;
  return (
    <div>
      <Progress
        value={isSealed ? 100 : (sealedBytes / fileBytes) * 100}
        animated={isSealed}
        aria-label="Upload"
      />
      <Group justify="space-between" mt={4}>
        <Text size="xs" c="dimmed" role="status">
          {isSealed
            ? `${sayBytes(fileBytes)} sealed. Sending, and waiting until it is stored …`
            : `Sealing: ${sayBytes(sealedBytes)} of ${sayBytes(fileBytes)}`}
        </Text>
        <Button variant="subtle" size="compact-sm" onClick={onStop}>
          Stop
        </Button>
      </Group>
    </div>
  );
}
