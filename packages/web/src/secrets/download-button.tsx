// Downloads a file: it is opened in this browser, and saved when all of it is there and whole.
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useAction } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { sayBytes } from '../ui/say-time.ts';
import { readWhole, saveAs } from './file-transfer.ts';
import { READING } from './forgets.ts';

type Props = {
  /** Of the secret, with or without a version. */
  reference: string;
  name: string;
  valueBytes: number;
};

type Download = {
  start: () => void;
  stop: () => void;
  readBytes: number;
  isPending: boolean;
  error: unknown;
};

function useDownload({ reference, name }: Props, onError?: (error: unknown) => void): Download {
  const [readBytes, setReadBytes] = useState(0);
  const [wasStopped, setStopped] = useState(false);
  const aborter = useRef<AbortController | null>(null);
  const download = useAction(
    async (client) => {
      const { signal } = (aborter.current = new AbortController());
      setStopped(false);
      setReadBytes(0);
      saveAs(await readWhole(client, reference, { onRead: setReadBytes, signal }), name);
    },
    { forgets: READING },
  );
  useEffect(() => () => aborter.current?.abort(), []);
  return {
    start: () =>
      download.mutate(undefined, {
        onSuccess: () => notify.done(`“${name}” is saved to your downloads`, 'The reading is recorded.'),
        onError: (error) => {
          if (aborter.current?.signal.aborted !== true) onError?.(error);
        },
      }),
    stop: () => {
      setStopped(true);
      aborter.current?.abort();
    },
    readBytes,
    isPending: download.isPending,
    error: wasStopped ? null : download.error,
  };
}

/** With progress, and what went wrong below it. */
export function DownloadButton(props: Props): ReactNode {
  const { name, valueBytes } = props;
  const { start, stop, readBytes, isPending, error } = useDownload(props);
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<Icon name="download" size={16} />}
          loading={isPending}
          onClick={start}
        >
          Download
        </Button>
        {isPending ? (
          <Button variant="subtle" onClick={stop}>
            Stop
          </Button>
        ) : (
          <Text size="xs" c="dimmed">
            {sayBytes(valueBytes)}. It is opened in this browser. Each reading is recorded.
          </Text>
        )}
      </Group>
      {isPending && (
        <div>
          <Progress value={(readBytes / valueBytes) * 100} aria-label={`Download of ${name}`} />
          <Text size="xs" c="dimmed" mt={4}>
            {sayBytes(readBytes)} of {sayBytes(valueBytes)}
          </Text>
        </div>
      )}
      {error !== null && <ErrorPanel error={error} onRetry={start} />}
    </Stack>
  );
}

/** In a row; what goes wrong is said in the corner. */
export function DownloadIcon(props: Props): ReactNode {
  const { start, isPending } = useDownload(props, (error) => notify.failure(error));
  return (
    <IconButton
      icon="download"
      label={`Download ${props.name}`}
      isBusy={isPending}
      onClick={start}
      title="Download"
    />
  );
}
