// Adds a secret. The value is sealed in this browser for a delegate; the server gets ciphertext.
import { Button, Group, Stack, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SecretKind } from '@sallyport/core';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { EmptyState, LoadingState } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { addFileRoute, addTextRoute } from './area.ts';
import type { AddSearch } from './area.ts';
import { AvailabilityField } from './availability-field.tsx';
import { FileField } from './file-field.tsx';
import { ManagerSelect } from './manager-select.tsx';
import { UploadProgress } from './upload-progress.tsx';
import { BESIDE_FIELDS, useAddForm } from './use-add-form.ts';
import { useSurroundings } from './use-surroundings.ts';
import type { SecretSurroundings } from './use-surroundings.ts';
import { ValueField } from './value-field.tsx';
import { WhereField } from './where-field.tsx';

export function AddTextPage(): ReactNode {
  return <AddSecretPage kind="text" given={addTextRoute.useSearch()} />;
}

export function AddFilePage(): ReactNode {
  return <AddSecretPage kind="file" given={addFileRoute.useSearch()} />;
}

type Props = { kind: SecretKind; given: AddSearch };

function AddSecretPage({ kind, given }: Props): ReactNode {
  const around = useSurroundings();
  const isText = kind === 'text';
  return (
    <Page
      title={isText ? 'Add encrypted text' : 'Add encrypted file'}
      description={
        <>
          This browser seals it for a delegate in your network. The server stores ciphertext only. Back to{' '}
          <TextLink isInText to={isText ? '/secrets/text' : '/secrets/files'}>
            {isText ? 'Encrypted Text' : 'Encrypted Files'}
          </TextLink>
        </>
      }
    >
      <Panel>
        {!around.isKnown ? (
          <LoadingState />
        ) : around.managers.length === 0 ? (
          <EmptyState
            title="There is no secrets manager yet"
            action={<LinkButton to="/secrets-managers">To the secrets managers</LinkButton>}
          >
            A secrets manager says which key protects the value. Add one first.
          </EmptyState>
        ) : (
          <AddSecretForm kind={kind} given={given} around={around} />
        )}
      </Panel>
    </Page>
  );
}

function AddSecretForm({ kind, given, around }: Props & { around: SecretSurroundings }): ReactNode {
  const form = useAddForm(kind, given);
  const { name, manager, where, file, field, wasSent, valueError, storing, nameError } = form;
  const { store, sealedBytes, sent, stop, wasStopped } = storing;
  const { error } = store;
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="lg" maw={720}>
        {kind === 'file' && <FileField file={file} onChange={form.chooseFile} error={valueError} />}
        <TextInput
          label="Name"
          description="Letters, digits, “_”, “-”, “.” and inner spaces. What asks for it uses this name."
          required
          autoFocus={kind === 'text' && given.name === undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={128}
          value={name}
          onChange={(event) => form.setName(event.currentTarget.value)}
          error={nameError}
        />
        {kind === 'text' && (
          <ValueField
            field={field}
            error={valueError}
            onInput={form.clearValueError}
            autoFocus={given.name !== undefined}
          />
        )}
        <ManagerSelect
          managers={around.managers}
          value={manager}
          onChange={form.setManager}
          error={fieldMessage(error, 'no-default-secrets-manager')}
        />
        <WhereField
          value={where}
          onChange={form.setWhere}
          secretsManager={manager}
          showComplaints={wasSent}
        />
        <AvailabilityField
          value={form.availability}
          onChange={form.setAvailability}
          showComplaints={wasSent}
        />
        {!wasStopped && otherError(error, ...BESIDE_FIELDS) !== null && <ErrorPanel error={error} />}
        {store.isPending && file !== null && (
          <UploadProgress fileBytes={file.size} sealedBytes={sealedBytes} sent={sent} onStop={stop} />
        )}
        <Group>
          <Button type="submit" loading={store.isPending}>
            {kind === 'text' ? 'Seal and store' : 'Seal and upload'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
