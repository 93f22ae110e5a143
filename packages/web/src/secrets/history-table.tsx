// All versions of a secret, newest first: who wrote each, what is different about it, and the way back to it. Restoring reads the old value
// in this browser and writes it as a new version; no version is ever changed.
import { Badge, Button, Code, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretDetail } from '@sallyport/protocol';
import { IconButton } from '../ui/icon-button.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayBytes } from '../ui/say-time.ts';
import { Small } from '../ui/small.tsx';
import { CopyValueButton } from './copy-value-button.tsx';
import { DownloadIcon } from './download-button.tsx';
import { differencesIn } from './history.ts';
import type { HistoryEntry } from './history.ts';
import type { SecretRights } from './secret-rights.ts';
import { useRestoreVersion } from './use-restore-version.ts';
import type { SecretSurroundings } from './use-surroundings.ts';

const VersionDialog = lazy(async () => ({ default: (await import('./version-dialog.tsx')).VersionDialog }));

/** So many the server lists. */
const LISTED_MAX = 100;

type Props = { detail: SecretDetail; around: SecretSurroundings; rights: SecretRights };

export function HistoryTable({ detail, around, rights }: Props): ReactNode {
  const { secret, versions } = detail;
  const [looked, setLooked] = useState<number | null>(null);
  const columns: readonly Column<HistoryEntry>[] = [
    {
      heading: 'Version',
      isNarrow: true,
      cell: ({ version }) => <VersionCell version={version} isNewest={version === secret.version} />,
    },
    { heading: 'Written', cell: (entry) => <Written entry={entry} /> },
    { heading: 'Size', isNarrow: true, cell: (entry) => <Size entry={entry} /> },
    { heading: 'Secrets manager', cell: (entry) => <Manager entry={entry} around={around} /> },
    { heading: 'Key', cell: (entry) => <Key entry={entry} /> },
    {
      heading: 'Actions',
      isActions: true,
      cell: (entry) => (
        <Actions detail={detail} entry={entry} rights={rights} onLook={() => setLooked(entry.version)} />
      ),
    },
  ];
  return (
    <>
      <RecordTable
        label="History"
        records={differencesIn(versions)}
        keyOf={({ version }) => String(version)}
        columns={columns}
      />
      {versions.length === LISTED_MAX && (
        <Text size="sm" c="dimmed">
          The {LISTED_MAX} newest versions are listed.
        </Text>
      )}
      {looked !== null && (
        <Suspense>
          <VersionDialog secret={secret} version={looked} onClose={() => setLooked(null)} />
        </Suspense>
      )}
    </>
  );
}

function VersionCell({ version, isNewest }: { version: number; isNewest: boolean }): ReactNode {
  return (
    <>
      {version}
      {isNewest && (
        <Badge variant="light" color="teal" tt="none" ml={8} miw="max-content">
          newest
        </Badge>
      )}
    </>
  );
}

function Written({ entry: { createdAtMs, createdBy } }: { entry: HistoryEntry }): ReactNode {
  return (
    <>
      <RelativeTime atMs={createdAtMs} />
      <Small>by {createdBy}</Small>
    </>
  );
}

function Manager({ entry, around }: { entry: HistoryEntry; around: SecretSurroundings }): ReactNode {
  const { secretsManagerId, isOtherManager } = entry;
  const manager = around.managers.find(({ id }) => id === secretsManagerId);
  return (
    <>
      {manager?.name ?? 'one that you may not see'} {isOtherManager && <Changed />}
    </>
  );
}

function Size({ entry: { valueBytes, moreBytes } }: { entry: HistoryEntry }): ReactNode {
  return (
    <>
      {sayBytes(valueBytes)}
      {moreBytes !== null && moreBytes !== 0 && (
        <Small>
          {moreBytes > 0 ? '+' : '−'}
          {sayBytes(Math.abs(moreBytes))}
        </Small>
      )}
    </>
  );
}

function Key({ entry: { keyArn, isOtherKey } }: { entry: HistoryEntry }): ReactNode {
  return (
    <>
      {keyArn === null ? 'built-in key ring' : <Code>{keyArn}</Code>} {isOtherKey && <Changed />}
    </>
  );
}

function Changed(): ReactNode {
  return (
    <Badge variant="light" color="yellow" tt="none">
      changed
    </Badge>
  );
}

type ActionProps = {
  detail: SecretDetail;
  entry: HistoryEntry;
  rights: SecretRights;
  onLook: () => void;
};

function Actions({ detail: { secret }, entry, rights, onLook }: ActionProps): ReactNode {
  const { version, valueBytes } = entry;
  const restore = useRestoreVersion(secret, version);
  const reference = `${secret.id}@${version}`;
  const name = `version ${version}`;
  return (
    <>
      {rights.use && secret.kind === 'text' && (
        <>
          <IconButton icon="eye" label={`Look at ${name}`} title="Look at the value" onClick={onLook} />
          <CopyValueButton reference={reference} name={name} isIcon />
        </>
      )}
      {rights.use && secret.kind === 'file' && (
        <DownloadIcon reference={reference} name={secret.name} valueBytes={valueBytes} />
      )}
      {rights.use && rights.change && version !== secret.version && (
        <Button
          variant="default"
          size="compact-sm"
          onClick={() => void restore()}
          aria-label={`Restore ${name}`}
        >
          Restore
        </Button>
      )}
    </>
  );
}
