// Exports the whole trail as a file, and says which command verifies it without the server in question.
import { Alert, Button, Code, Group, Progress, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useClient } from '../client/client-context.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { Icon } from '../ui/icons.tsx';
import { sayBytes } from '../ui/say-time.ts';
import { exportTrail } from './export-trail.ts';
import type { ExportProgress } from './export-trail.ts';

const FILE_NAME = 'trail.jsonl';
const VERIFY = `sallyport audit verify ${FILE_NAME}`;

export function ExportButton(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={<Icon name="download" size={16} />}
        onClick={() => setOpen(true)}
      >
        Export
      </Button>
      {isOpen && <ExportDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function ExportDialog({ onClose }: { onClose: () => void }): ReactNode {
  const { progress, file, error, start } = useExport();
  const percent = progress === null || progress.of === 0 ? 0 : (progress.records / progress.of) * 100;
  return (
    <Dialog opened onClose={onClose} title="Export the audit trail" size="lg">
      <Stack gap="md">
        <Text size="sm">
          The whole trail as a file of JSON lines: every record from the oldest on, with the checkpoints that
          delegates have signed. Nothing in it is a value.
        </Text>
        {error !== null && <ErrorPanel error={error} onRetry={start} />}
        {progress !== null && file === null && error === null && (
          <div>
            <Progress value={percent} aria-label="Export" transitionDuration={0} />
            <Text size="xs" c="dimmed" mt={4}>
              {progress.records.toLocaleString('en')} of {progress.of.toLocaleString('en')} records
            </Text>
          </div>
        )}
        <Group>
          {file === null ? (
            <Button loading={progress !== null && error === null} onClick={start}>
              Export
            </Button>
          ) : (
            <Button
              component="a"
              href={file.address}
              download={FILE_NAME}
              leftSection={<Icon name="download" size={16} />}
            >
              Save {FILE_NAME} ({sayBytes(file.bytes)})
            </Button>
          )}
        </Group>
        <Alert color="harbour" variant="light" title="Verify it on a machine of your own">
          <Text size="sm" mb="xs">
            A page comes from the very server that is in question, so it cannot vouch for the trail. This
            command needs no server: it checks the chain, every signature, and that a delegate that you trust
            has signed.
          </Text>
          <Group gap="xs">
            <Code>{VERIFY}</Code>
            <CopyButton text={VERIFY} label="Copy command" />
          </Group>
        </Alert>
      </Stack>
    </Dialog>
  );
}

type Exported = {
  progress: ExportProgress | null;
  file: { address: string; bytes: number } | null;
  error: unknown;
  start: () => void;
};

function useExport(): Exported {
  const client = useClient();
  const [progress, setProgress] = useState<ExportProgress | null>(null);
  const [file, setFile] = useState<Exported['file']>(null);
  const [error, setError] = useState<unknown>(null);
  const ending = useRef<AbortController | null>(null);
  useEffect(() => () => ending.current?.abort(), []);
  useEffect(() => {
    if (file === null) return undefined;
    return () => URL.revokeObjectURL(file.address);
  }, [file]);
  const start = (): void => {
    const controller = new AbortController();
    ending.current = controller;
    setError(null);
    setProgress({ records: 0, of: 0 });
    exportTrail(client, { onProgress: setProgress, signal: controller.signal }).then(
      (blob) => {
        if (!controller.signal.aborted) {
          setFile({ address: URL.createObjectURL(blob), bytes: blob.size });
        }
      },
      (fault: unknown) => {
        if (!controller.signal.aborted) setError(fault);
      },
    );
  };
  return { progress, file, error, start };
}
