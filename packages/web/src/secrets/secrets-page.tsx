// Secrets Management: all secrets of one kind that the signed-in person may see, a page at a time, found by name, place or secrets manager.
import { Group, NativeSelect } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { SecretKind } from '@sallyport/core';
import { useMe } from '../client/me.tsx';
import { Icon } from '../ui/icons.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { PageControls } from '../ui/page-controls.tsx';
import { Page } from '../ui/page.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useCursorPages } from '../ui/use-cursor-pages.ts';
import { fileSecretsRoute, textSecretsRoute } from './area.ts';
import type { ListSearch } from './area.ts';
import { PlacePicker } from './place-picker.tsx';
import { mayAddSecrets } from './secret-rights.ts';
import { SecretTabs } from './secret-tabs.tsx';
import { SecretsTable } from './secrets-table.tsx';
import classes from './secrets-page.module.css';
import { useSurroundings } from './use-surroundings.ts';
import type { SecretSurroundings } from './use-surroundings.ts';

const PAGE_ROWS = 50;

export function TextSecretsPage(): ReactNode {
  return <SecretsPage kind="text" search={textSecretsRoute.useSearch()} />;
}

export function FileSecretsPage(): ReactNode {
  return <SecretsPage kind="file" search={fileSecretsRoute.useSearch()} />;
}

type Props = { kind: SecretKind; search: ListSearch };

function SecretsPage({ kind, search }: Props): ReactNode {
  const me = useMe();
  const around = useSurroundings();
  const { search: text = '', application, environment, manager } = search;
  const isAtPlace = application !== undefined && environment !== undefined;
  const pages = useCursorPages('listSecrets', {
    query: {
      kind,
      limit: PAGE_ROWS,
      ...(text === '' ? {} : { search: text.slice(0, 128) }),
      ...(isAtPlace ? { application, environment } : {}),
      ...(manager === undefined ? {} : { secretsManager: manager }),
    },
  });
  const isNarrowed = text !== '' || isAtPlace || manager !== undefined;
  const actions = (
    <>
      <LinkButton to="/secrets/grid" variant="default" leftSection={<Icon name="apps" size={16} />}>
        Where they exist
      </LinkButton>
      {mayAddSecrets(me) && <AddButton kind={kind} />}
    </>
  );
  return (
    <Page
      title="Secrets Management"
      description="Values are sealed in this browser and encrypted by your delegates. The server cannot read them."
      actions={actions}
    >
      <SecretTabs current={kind} />
      <Filters kind={kind} search={search} around={around} />
      <Loaded query={pages.query} rows={8}>
        {({ secrets }) =>
          secrets.length === 0 ? (
            <NothingThere kind={kind} isNarrowed={isNarrowed} mayAdd={mayAddSecrets(me)} />
          ) : (
            <SecretsTable secrets={secrets} rightsTo={around.rightsTo} isMoving={pages.isMoving} />
          )
        }
      </Loaded>
      <PageControls of="secrets" pages={pages} />
    </Page>
  );
}

function AddButton({ kind }: { kind: SecretKind }): ReactNode {
  const isText = kind === 'text';
  return (
    <LinkButton
      to={isText ? '/secrets/add/text' : '/secrets/add/file'}
      leftSection={<Icon name="plus" size={16} />}
    >
      {isText ? 'Add encrypted text' : 'Add encrypted file'}
    </LinkButton>
  );
}

function Filters({ kind, search, around }: Props & { around: SecretSurroundings }): ReactNode {
  const navigate = useNavigate();
  const narrow = (change: { [F in keyof ListSearch]: ListSearch[F] | undefined }): void => {
    const chosen = Object.entries({ ...search, ...change }).filter(
      ([, value]) => value !== undefined && value !== '',
    );
    void navigate({
      to: kind === 'text' ? '/secrets/text' : '/secrets/files',
      search: Object.fromEntries(chosen),
      replace: true,
    });
  };
  const { search: text = '', application = null, environment = null, manager = '' } = search;
  return (
    <div className={classes.filters} role="search">
      <div className={classes.search}>
        <SearchField label="Search by name" value={text} onSearch={(typed) => narrow({ search: typed })} />
      </div>
      <PlacePicker
        isFilter
        value={{ application, environment }}
        onChange={(place, found) => {
          // An application alone narrows nothing, so the first of its environments is chosen with it.
          const { id } = found?.environments[0] ?? {};
          const isNew = place.application !== application;
          narrow({
            application: place.application ?? undefined,
            environment: (isNew ? id : place.environment) ?? undefined,
          });
        }}
      />
      <NativeSelect
        aria-label="Secrets manager"
        value={manager}
        onChange={(event) => narrow({ manager: event.currentTarget.value })}
        data={[
          { value: '', label: 'Any secrets manager' },
          ...around.managers.map(({ id, name }) => ({ value: id as string, label: name })),
        ]}
      />
    </div>
  );
}

function NothingThere(props: { kind: SecretKind; isNarrowed: boolean; mayAdd: boolean }): ReactNode {
  const { kind, isNarrowed, mayAdd } = props;
  const what = kind === 'text' ? 'text' : 'file';
  if (isNarrowed) {
    return (
      <EmptyState title={`No encrypted ${what} fits`}>
        Search for less, or clear the filters to look at all of them.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={`No encrypted ${what} yet`}
      action={
        mayAdd && (
          <Group justify="center">
            <AddButton kind={kind} />
          </Group>
        )
      }
    >
      {kind === 'text'
        ? 'A text is a password, a token, a connection string: whatever an application is configured with and nobody else should read.'
        : 'A file is a key store, a certificate, a service account: kept byte for byte as you upload it.'}
    </EmptyState>
  );
}
