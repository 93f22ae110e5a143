// The grid itself: names down, environments across. A cell leads to the secret, or to adding it where it is missing.
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { EnvironmentView } from '@sallyport/protocol';
import { Icon } from '../ui/icons.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { isSameRow, isShared } from './grid.ts';
import type { GridRow, GridSecret } from './grid.ts';
import classes from './grid-page.module.css';

type Props = {
  label: string;
  rows: readonly GridRow[];
  environments: readonly EnvironmentView[];
  mayAdd: boolean;
  /** Other rows are made ready. */
  isBusy: boolean;
};

export function GridTable({ label, rows, environments, mayAdd, isBusy }: Props): ReactNode {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keyboard
    <div className={classes.frame} tabIndex={0} role="region" aria-label={label} aria-busy={isBusy}>
      <table className={classes.grid}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            {environments.map(({ id, name, type }) => (
              <th key={id} scope="col">
                {name}
                {type === 'production' && name !== type && <span className={classes.type}>production</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.key} row={row} environments={environments} mayAdd={mayAdd} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps = { row: GridRow; environments: readonly EnvironmentView[]; mayAdd: boolean };

/** Rows are made anew whenever more is read, and drawn anew only where that changed one. */
const Row = memo(
  function Row({ row, environments, mayAdd }: RowProps): ReactNode {
    return (
      <tr data-name={row.name}>
        <th scope="row">
          {row.name}
          {row.kind === 'file' && <span className={classes.kind}>file</span>}
        </th>
        {environments.map((environment, column) => {
          const secret = row.cells[column] ?? null;
          return (
            <td key={environment.id} className={secret === null ? classes.missing : undefined}>
              {secret === null ? (
                <Missing row={row} environment={environment} mayAdd={mayAdd} />
              ) : (
                <There row={row} secret={secret} environment={environment} />
              )}
            </td>
          );
        })}
      </tr>
    );
  },
  (a, b) => a.environments === b.environments && a.mayAdd === b.mayAdd && isSameRow(a.row, b.row),
);

function There(props: { row: GridRow; secret: GridSecret; environment: EnvironmentView }): ReactNode {
  const { row, secret, environment } = props;
  return (
    <>
      <TextLink
        to="/secrets/$secret"
        params={{ secret: secret.id }}
        aria-label={`v${secret.version} of ${secret.name} in ${environment.name}`}
      >
        v{secret.version}
      </TextLink>
      <span className={classes.age}>
        <RelativeTime atMs={secret.updatedAtMs} />
        {isShared(row, secret) && ', shared'}
      </span>
    </>
  );
}

function Missing(props: { row: GridRow; environment: EnvironmentView; mayAdd: boolean }): ReactNode {
  const { row, environment, mayAdd } = props;
  if (!mayAdd) return <span className={classes.age}>missing</span>;
  return (
    <TextLink
      to={row.kind === 'text' ? '/secrets/add/text' : '/secrets/add/file'}
      search={{ name: row.name, application: environment.applicationId, environment: environment.id }}
      className={classes.add}
      aria-label={`Missing: add ${row.name} in ${environment.name}`}
    >
      <Icon name="plus" size={14} />
      Missing
    </TextLink>
  );
}
