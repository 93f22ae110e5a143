// The grid itself: names down, environments across. A cell leads to the secret, or to adding it where it is missing.
import type { ReactNode } from 'react';
import type { ApplicationView, EnvironmentView } from '@sallyport/protocol';
import { Icon } from '../ui/icons.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { isShared } from './grid.ts';
import type { GridRow, GridSecret } from './grid.ts';
import classes from './grid-page.module.css';

type Props = { rows: readonly GridRow[]; application: ApplicationView; mayAdd: boolean };

export function GridTable({ rows, application, mayAdd }: Props): ReactNode {
  const { environments } = application;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keyboard
    <div className={classes.frame} tabIndex={0} role="region" aria-label={`Secrets of ${application.name}`}>
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
            <tr key={row.key} data-name={row.name}>
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
          ))}
        </tbody>
      </table>
    </div>
  );
}

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
