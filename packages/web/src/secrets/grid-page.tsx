// Where secrets exist: for one application, its secrets as rows and its environments as columns, and what is missing.
import { Button, Switch } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { Page } from '../ui/page.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { sayCount } from '../ui/say-time.ts';
import { EmptyState, Loaded, LoadingState } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { useReady } from '../ui/use-ready.ts';
import { ApplicationPicker } from './application-picker.tsx';
import { gridRoute } from './area.ts';
import type { GridSearch } from './area.ts';
import { gridOf } from './grid.ts';
import type { Grid, GridPart } from './grid.ts';
import classes from './grid-page.module.css';
import { GridTable } from './grid-table.tsx';
import { mayAddSecrets } from './secret-rights.ts';
import { useGrid } from './use-grid.ts';

/** So many more stand there with each step, whatever has been read: a screen or two. */
const STEP_CELLS = 240;
const STEP_ROWS_MIN = 10;
const AT_ONCE_MAX = 12;

const DESCRIPTION = (
  <>
    Which secrets of an application exist in which of its environments, and which are missing. Back to{' '}
    <TextLink isInText to="/secrets">
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
            key={application.id}
            parts={pages}
            application={application}
            isNarrowed={text !== ''}
            onlyMissing={missing}
            mayAdd={mayAddSecrets(me)}
            reading={query}
          />
        )}
      </Loaded>
    </>
  );
}

type RowsProps = {
  parts: readonly GridPart[];
  application: ApplicationView;
  isNarrowed: boolean;
  onlyMissing: boolean;
  mayAdd: boolean;
  reading: Pick<ReturnType<typeof useGrid>, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>;
};

function Rows({ parts, application, isNarrowed, onlyMissing, mayAdd, reading }: RowsProps): ReactNode {
  const { environments } = application;
  const ids = useMemo(() => environments.map(({ id }) => id), [environments]);
  const grid = useMemo(() => gridOf(parts, ids), [parts, ids]);
  const [{ steps, ofMissing }, setStand] = useState({ steps: 1, ofMissing: onlyMissing });
  const stepRows = Math.max(STEP_ROWS_MIN, Math.floor(STEP_CELLS / environments.length));
  // Another list begins at its beginning.
  const most = stepRows * (ofMissing === onlyMissing ? steps : 1);
  const incomplete = useMemo(() => grid.rows.filter((row) => row.isIncomplete), [grid]);
  const all = onlyMissing ? incomplete : grid.rows;
  const newest = useMemo(() => ({ rows: all.slice(0, most), environments }), [all, most, environments]);
  const shown = useReady(newest, newest.rows.length <= AT_ONCE_MAX);
  // Each answer goes on with the lists that hold the others up, so it may bring two names or two hundred.
  const readUntil = async (count: number): Promise<void> => {
    for (let answer = 0; answer < environments.length; answer++) {
      const { data, hasNextPage, isError } = await reading.fetchNextPage();
      if (data === undefined || isError || !hasNextPage) return;
      const { rows } = gridOf(data.pages, ids);
      if (rows.filter((row) => row.isIncomplete || !onlyMissing).length >= count) return;
    }
  };
  const showMore = (): void => {
    const next = most + stepRows;
    setStand({ steps: next / stepRows, ofMissing: onlyMissing });
    if (reading.hasNextPage && all.length < next) void readUntil(next);
  };
  return (
    <>
      <Summary grid={grid} incomplete={incomplete.length} shown={all.length > most ? most : null} />
      {newest.rows.length === 0 ? (
        <EmptyState title={emptyTitle(isNarrowed, onlyMissing)}>
          A secret stands here when it may be used in one of the environments above.
        </EmptyState>
      ) : shown === null ? (
        <LoadingState rows={8} />
      ) : (
        <GridTable
          {...shown}
          label={`Secrets of ${application.name}`}
          isBusy={shown !== newest}
          mayAdd={mayAdd}
        />
      )}
      {(all.length > most || reading.hasNextPage) && (
        <div className={classes.more}>
          <Button
            variant="default"
            loading={all.length < most && reading.isFetchingNextPage}
            onClick={showMore}
          >
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

function Summary(props: { grid: Grid; incomplete: number; shown: number | null }): ReactNode {
  const { grid, incomplete, shown } = props;
  return (
    <p className={classes.summary} role="status">
      {sayCount(grid.rows.length, 'name')}
      {grid.isWhole ? '' : ' so far'}.{' '}
      {incomplete === 0 ? 'Nothing is missing.' : `${incomplete} of them missing somewhere.`}
      {shown !== null && ` The first ${shown.toLocaleString('en')} are shown.`}
    </p>
  );
}

function emptyTitle(isNarrowed: boolean, onlyMissing: boolean): string {
  if (onlyMissing) return 'Nothing is missing';
  return isNarrowed ? 'No secret has that in its name' : 'No secret may be used here yet';
}
