// What there is to know of a secret's past and present, each behind a tab with an address of its own.
import type { ReactNode } from 'react';
import type { SecretDetail } from '@sallyport/protocol';
import { PlainLink } from '../ui/page-link.tsx';
import { SECRET_TABS, secretRoute } from './area.ts';
import type { SecretTab } from './area.ts';
import { ChangesTable } from './changes-table.tsx';
import { HistoryTable } from './history-table.tsx';
import type { SecretRights } from './secret-rights.ts';
import { SetupUsagesTable } from './setup-usages-table.tsx';
import classes from './tabs.module.css';
import type { SecretSurroundings } from './use-surroundings.ts';
import { UsesTable } from './uses-table.tsx';

const LABELS: Readonly<Record<SecretTab, string>> = {
  history: 'History',
  uses: 'Uses',
  'setup-usages': 'Setup usages',
  changes: 'Change log',
};

type Props = { detail: SecretDetail; around: SecretSurroundings; rights: SecretRights };

export function SecretRecords({ detail, around, rights }: Props): ReactNode {
  const { tab = 'history' } = secretRoute.useSearch();
  const { id } = detail.secret;
  return (
    <>
      <nav className={classes.tabs} aria-label="Records">
        {SECRET_TABS.map((one) => (
          <PlainLink
            key={one}
            to="/secrets/$secret"
            params={{ secret: id }}
            search={{ tab: one }}
            replace
            resetScroll={false}
            className={one === tab ? `${classes.tab} ${classes.current}` : classes.tab}
            aria-current={one === tab ? 'page' : undefined}
          >
            {LABELS[one]}
          </PlainLink>
        ))}
      </nav>
      {tab === 'history' && <HistoryTable detail={detail} around={around} rights={rights} />}
      {tab === 'uses' && <UsesTable secret={id} />}
      {tab === 'setup-usages' && <SetupUsagesTable secret={id} />}
      {tab === 'changes' && <ChangesTable secret={id} />}
    </>
  );
}
