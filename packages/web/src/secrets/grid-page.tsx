// Where secrets exist: for one application, its secrets as rows and its environments as columns, and what is missing.
import { Button, Switch } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ApplicationView } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { Page } from '../ui/page.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { sayCount } from '../ui/say-time.ts';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { ApplicationPicker } from './application-picker.tsx';
import { gridRoute } from './area.ts';
import type { GridSearch } from './area.ts';
import { gridOf } from './grid.ts';
import type { Grid } from './grid.ts';
import classes from './grid-page.module.css';
import { GridTable } from './grid-table.tsx';
import { mayAddSecrets } from './secret-rights.ts';
import { useGrid } from './use-grid.ts';

const DESCRIPTION = (
  <>
    Which secrets of an application exist in which of its environments, and which are missing. Back to{' '}
    <TextLink underline="always" to="/secrets">
      all secrets
    </TextLink>
  </>
);

/** Before an application is chosen: the first one there is. */
export function GridsPage(): ReactNode {
  const navigate = useNavigate();
  const query = useOperation('listApplications', { query: { limit: 50 } });
  return (
    <Page title="Where secrets exist" description={DESCRIPTION}>
      <Loaded query={query} rows={2}>
        {({ applications }) =>
          applications.length === 0 ? (
            <EmptyState
              title="No application yet"
              action={<LinkButton to="/applications">To the applications</LinkButton>}
            >
              A secret is used in an environment of an application. Add one, and its secrets stand here side
              by side.
            </EmptyState>
          ) : (
            <div className={classes.picker}>
              <ApplicationPicker
                value={null}
                onChange={(application) =>
                  void navigate({ to: '/secrets/grid/$application', params: { application } })
                }
              />
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

export function GridPage(): ReactNode {
  const { application } = gridRoute.useParams();
  const search = gridRoute.useSearch();
  const query = useOperation('getApplication', { params: { application } });
  return (
    <Page
      title={query.data === undefined ? 'Where secrets exist' : `Secrets of ${query.data.name}`}
      description={DESCRIPTION}
    >
      <Loaded query={query} rows={8}>
        {(found) =>
          found.environments.length === 0 ? (
            <EmptyState title={`${found.name} has no environment`}>
              Add one under Applications; it becomes a column here.
            </EmptyState>
          ) : (
            <GridOf application={found} search={search} />
          )
        }
      </Loaded>
    </Page>
  );
}

function GridOf({ application, search }: { application: ApplicationView; search: GridSearch }): ReactNode {
  const me = useMe();
  const navigate = useNavigate();
  const { search: text = '', missing = false } = search;
  const query = useGrid(application, text.slice(0, 128));
  const ids = application.environments.map(({ id }) => id);
  const show = (id: string, change: { search: string; missing: boolean }): void => {
    void navigate({
      to: '/secrets/grid/$application',
      params: { application: id },
      search: {
        ...(change.search === '' ? {} : { search: change.search }),
        ...(change.missing ? { missing: true } : {}),
      },
      replace: true,
    });
  };
  return (
    <>
      <div className={classes.filters}>
        <SearchField
          label="Search by name"
          value={text}
          onSearch={(typed) => show(application.id, { search: typed, missing })}
        />
        <ApplicationPicker value={application} onChange={(id) => show(id, { search: '', missing })} />
        <Switch
          label="Only what is missing somewhere"
          checked={missing}
          onChange={(event) => show(application.id, { search: text, missing: event.currentTarget.checked })}
        />
      </div>
      <Loaded query={query} rows={8}>
        {({ pages }) => (
          <Rows
            grid={gridOf(pages, ids)}
            application={application}
            isNarrowed={text !== ''}
            onlyMissing={missing}
            mayAdd={mayAddSecrets(me)}
          />
        )}
      </Loaded>
      {query.hasNextPage && (
        <div className={classes.more}>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

type RowsProps = {
  grid: Grid;
  application: ApplicationView;
  isNarrowed: boolean;
  onlyMissing: boolean;
  mayAdd: boolean;
};

function Rows({ grid, application, isNarrowed, onlyMissing, mayAdd }: RowsProps): ReactNode {
  const incomplete = grid.rows.filter((row) => row.isIncomplete);
  const shown = onlyMissing ? incomplete : grid.rows;
  const sofar = grid.isWhole ? '' : ' so far';
  return (
    <>
      <p className={classes.summary} role="status">
        {sayCount(grid.rows.length, 'name')}
        {sofar}.{' '}
        {incomplete.length === 0 ? 'Nothing is missing.' : `${incomplete.length} of them missing somewhere.`}
      </p>
      {shown.length === 0 ? (
        <EmptyState title={emptyTitle(isNarrowed, onlyMissing)}>
          A secret stands here when it may be used in one of the environments above.
        </EmptyState>
      ) : (
        <GridTable rows={shown} application={application} mayAdd={mayAdd} />
      )}
    </>
  );
}

function emptyTitle(isNarrowed: boolean, onlyMissing: boolean): string {
  if (onlyMissing) return 'Nothing is missing';
  return isNarrowed ? 'No secret has that in its name' : 'No secret may be used here yet';
}
