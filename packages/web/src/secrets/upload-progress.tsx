// How far a file has come: sealed here, sent, and then waited for until the delegate says that it is stored.
import { Button, Group, Progress, Text, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SentBytes } from '@sallyport/sdk/browser';
import { uploadStand } from './upload-stand.ts';

type Props = { fileBytes: number; sealedBytes: number; sent: SentBytes | null; onStop: () => void };

export function UploadProgress({ onStop, ...bytes }: Props): ReactNode {
  const { percent, sentence, news, isWaiting } = uploadStand(bytes);
  return (
    <div>
      <Progress value={percent} animated={isWaiting} aria-label="Upload" />
      <Group justify="space-between" mt={4} wrap="nowrap">
        <Text size="xs" c="dimmed">
          {sentence}
        </Text>
        {/* What is said aloud changes with each part of the work, not with each percent. */}
        <VisuallyHidden role="status">{news}</VisuallyHidden>
        <Button variant="subtle" size="compact-sm" flex="none" onClick={onStop}>
          Stop
        </Button>
      </Group>
    </div>
  );
}
