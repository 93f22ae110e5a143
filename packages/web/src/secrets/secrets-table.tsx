// Secrets as rows: what they are, where they may be used, how much they are used, and the two things that are done most.
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { SecretListing } from '@sallyport/protocol';
import { sayScope } from '../scope-editor/say-region.ts';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayBytes } from '../ui/say-time.ts';
import { IconLink } from '../ui/icon-link.tsx';
import { Small } from '../ui/small.tsx';
import { TextLink } from '../ui/text-link.tsx';
import type { SecretTab } from './area.ts';
import { CopyValueButton } from './copy-value-button.tsx';
import { DownloadIcon } from './download-button.tsx';
import type { SecretRights } from './secret-rights.ts';
import classes from './secrets-table.module.css';

type Props = {
  secrets: readonly SecretListing[];
  rightsTo: (secret: SecretListing) => SecretRights;
  /** Others are on their way. */
  isMoving: boolean;
};

export function SecretsTable({ secrets, rightsTo, isMoving }: Props): ReactNode {
  const columns = useMemo(() => columnsOf(rightsTo), [rightsTo]);
  return (
    <RecordTable
      label="Secrets"
      records={secrets}
      keyOf={({ id }) => id}
      columns={columns}
      isMoving={isMoving}
    />
  );
}

function columnsOf(rightsTo: Props['rightsTo']): readonly Column<SecretListing>[] {
  return [
    { heading: 'Name', cell: (secret) => <NameCell secret={secret} /> },
    { heading: 'Secrets manager', cell: ({ secretsManagerName }) => secretsManagerName ?? 'not to be seen' },
    { heading: 'Scope', cell: (secret) => <ScopeCell secret={secret} /> },
    { heading: 'Version', isNarrow: true, cell: ({ version }) => version },
    {
      heading: 'Last used',
      cell: ({ usage }) => <RelativeTime atMs={usage.lastReleasedAtMs} />,
    },
    {
      heading: 'Set up in',
      cell: ({ id, usage }) => (
        <Count id={id} tab="setup-usages" count={usage.setupUsages} of="setup usages" />
      ),
    },
    { heading: 'Uses, 90 days', cell: (secret) => <UsesCell secret={secret} /> },
    {
      heading: 'Actions',
      isActions: true,
      cell: (secret) => <Actions secret={secret} rights={rightsTo(secret)} />,
    },
  ];
}

function NameCell({ secret: { id, name, kind, valueBytes } }: { secret: SecretListing }): ReactNode {
  return (
    <>
      <TextLink to="/secrets/$secret" params={{ secret: id }} isName>
        {name}
      </TextLink>
      {kind === 'file' && <Small>{sayBytes(valueBytes)}</Small>}
    </>
  );
}

function ScopeCell({ secret: { scope } }: { secret: SecretListing }): ReactNode {
  const words = sayScope(scope);
  return (
    <span className={classes.scope} title={words}>
      {words}
    </span>
  );
}

function Count(props: { id: string; tab: SecretTab; count: number; of: string }): ReactNode {
  const { id, tab, count, of } = props;
  if (count === 0) return <span className={classes.none}>0</span>;
  return (
    <TextLink to="/secrets/$secret" params={{ secret: id }} search={{ tab }} aria-label={`${count} ${of}`}>
      {count.toLocaleString('en')}
    </TextLink>
  );
}

function UsesCell({ secret: { id, usage } }: { secret: SecretListing }): ReactNode {
  return (
    <>
      <Count id={id} tab="uses" count={usage.releases} of="uses" />
      {usage.refusals > 0 && <Small isBad>{usage.refusals.toLocaleString('en')} refused</Small>}
    </>
  );
}

function Actions({ secret, rights }: { secret: SecretListing; rights: SecretRights }): ReactNode {
  const { id, name, kind, valueBytes } = secret;
  return (
    <>
      <IconLink
        icon="history"
        label={`Change log of ${name}`}
        to="/secrets/$secret"
        params={{ secret: id }}
        search={{ tab: 'changes' }}
      />
      {rights.use && kind === 'text' && <CopyValueButton reference={id} name={name} isIcon />}
      {rights.use && kind === 'file' && <DownloadIcon reference={id} name={name} valueBytes={valueBytes} />}
    </>
  );
}
