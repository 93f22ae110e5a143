// One secret: its value, what it is, what can be done with it, and what has happened to it.
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretDetail } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { DeleteButton } from '../ui/delete-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { secretRoute } from './area.ts';
import { DownloadButton } from './download-button.tsx';
import { SecretFacts } from './secret-facts.tsx';
import { SecretRecords } from './secret-records.tsx';
import classes from './secret-page.module.css';
import { useDeleteSecret } from './use-delete-secret.tsx';
import { useSurroundings } from './use-surroundings.ts';
import type { SecretSurroundings } from './use-surroundings.ts';
import { ValueBox } from './value-box.tsx';

const AvailabilityDialog = lazy(async () => ({
  default: (await import('./availability-dialog.tsx')).AvailabilityDialog,
}));
const NewVersionDialog = lazy(async () => ({
  default: (await import('./new-version-dialog.tsx')).NewVersionDialog,
}));
const RenameDialog = lazy(async () => ({ default: (await import('./rename-dialog.tsx')).RenameDialog }));
const ScopeDialog = lazy(async () => ({ default: (await import('./scope-dialog.tsx')).ScopeDialog }));

export function SecretPage(): ReactNode {
  const { secret } = secretRoute.useParams();
  // A component of its own for each secret: nothing that is shown or typed for one is there for another.
  return <OneSecret key={secret} reference={secret} />;
}

function OneSecret({ reference }: { reference: string }): ReactNode {
  const query = useOperation('getSecret', { params: { secret: reference } });
  const around = useSurroundings();
  const { secret } = query.data ?? {};
  const isFile = secret?.kind === 'file';
  return (
    <Page
      title={secret?.name ?? 'Secret'}
      description={
        <>
          In{' '}
          <TextLink isInText to={isFile ? '/secrets/files' : '/secrets/text'}>
            {isFile ? 'Encrypted Files' : 'Encrypted Text'}
          </TextLink>
        </>
      }
      actions={query.data === undefined ? undefined : <Actions detail={query.data} around={around} />}
    >
      <Loaded query={query} rows={6}>
        {(detail) => <Parts detail={detail} around={around} />}
      </Loaded>
    </Page>
  );
}

type PartProps = { detail: SecretDetail; around: SecretSurroundings };

function Parts({ detail, around }: PartProps): ReactNode {
  const { secret } = detail;
  const rights = around.rightsTo(secret);
  const { id, name, kind, version, valueBytes } = secret;
  return (
    <>
      <div className={classes.columns}>
        <Panel title="Value">
          {!rights.use ? (
            <p className={classes.noValue}>
              You may know of this secret, but not have its value. That takes the right to use secrets where
              it may be used.
            </p>
          ) : kind === 'text' ? (
            // A new version is another value: what was shown of the former one goes.
            <ValueBox key={version} reference={id} name={name} />
          ) : (
            <DownloadButton key={version} reference={id} name={name} valueBytes={valueBytes} />
          )}
        </Panel>
        <Panel title="About it">
          <SecretFacts detail={detail} mayChange={rights.change} />
        </Panel>
      </div>
      <SecretRecords detail={detail} around={around} rights={rights} />
    </>
  );
}

type Open = 'version' | 'rename' | 'scope' | 'availability' | null;

function Actions({ detail, around }: PartProps): ReactNode {
  const { secret } = detail;
  const [open, setOpen] = useState<Open>(null);
  const deletion = useDeleteSecret(secret);
  if (!around.rightsTo(secret).change) return null;
  const close = (): void => setOpen(null);
  return (
    <>
      <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setOpen('version')}>
        New version
      </Button>
      <Button
        variant="default"
        leftSection={<Icon name="edit" size={16} />}
        onClick={() => setOpen('rename')}
      >
        Rename
      </Button>
      <Button variant="default" leftSection={<Icon name="apps" size={16} />} onClick={() => setOpen('scope')}>
        Change scope
      </Button>
      <Button
        variant="default"
        leftSection={<Icon name="history" size={16} />}
        onClick={() => setOpen('availability')}
      >
        Change availability
      </Button>
      <DeleteButton isLoading={deletion.isLooking} onClick={deletion.start}>
        Delete
      </DeleteButton>
      <Suspense>
        {open === 'version' && <NewVersionDialog secret={secret} around={around} onClose={close} />}
        {open === 'rename' && <RenameDialog secret={secret} onClose={close} />}
        {open === 'availability' && <AvailabilityDialog secret={secret} onClose={close} />}
        {open === 'scope' && <ScopeDialog secret={secret} onClose={close} />}
      </Suspense>
      {deletion.obstacle}
    </>
  );
}
