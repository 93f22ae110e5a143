// The list of secrets managers, with what each one's status is.
import { Badge, Button, Menu, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { Allowed, useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { sayRegion } from '../scope-editor/say-region.ts';
import { DropMenu } from '../ui/drop-menu.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { sayCount } from '../ui/say-time.ts';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { KINDS, labelOfKind } from './kinds.ts';
import { ManagerActions } from './manager-actions.tsx';
import { ManagerHealth } from './manager-health.tsx';
import classes from './secrets-managers-page.module.css';

export function SecretsManagersPage(): ReactNode {
  const managers = useOperation('listSecretsManagers', {});
  const isManaging = may(useMe(), 'manage-secrets-managers');
  return (
    <Page
      title="Configure Secrets Managers"
      description="A secrets manager says which key protects secrets, and how a delegate gets the right to use it."
      actions={
        <Allowed permission="manage-secrets-managers">
          <AddButton />
        </Allowed>
      }
    >
      <Loaded query={managers} rows={3}>
        {({ secretsManagers }) =>
          secretsManagers.length === 0 ? (
            <EmptyState
              title="There is no secrets manager yet"
              action={isManaging ? <AddButton /> : undefined}
            >
              {isManaging
                ? 'Add one to store the first secret: with AWS KMS, or the built-in key ring to try things.'
                : 'Somebody with the permission to manage secrets managers adds one.'}
            </EmptyState>
          ) : (
            <RecordTable
              label="Secrets managers"
              records={secretsManagers}
              keyOf={({ id }) => id}
              columns={isManaging ? [...COLUMNS, ACTIONS] : COLUMNS}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function AddButton(): ReactNode {
  const navigate = useNavigate();
  return (
    <DropMenu
      width={300}
      target={
        <Button
          leftSection={<Icon name="plus" size={16} />}
          rightSection={<Icon name="chevronDown" size={14} />}
        >
          Add Secrets Manager
        </Button>
      }
    >
      {KINDS.map(({ kind, label, meaning }) => (
        <Menu.Item
          key={kind}
          onClick={() => void navigate({ to: '/secrets-managers/add/$kind', params: { kind } })}
        >
          <Text size="sm" fw={500}>
            {label}
          </Text>
          <Text size="xs" c="dimmed">
            {meaning}
          </Text>
        </Menu.Item>
      ))}
    </DropMenu>
  );
}

const COLUMNS: readonly Column<SecretsManagerView>[] = [
  { heading: 'Name', cell: (manager) => <NameCell manager={manager} /> },
  { heading: 'Status', cell: (manager) => <StatusCell manager={manager} /> },
  { heading: 'Secrets', cell: (manager) => <SecretsCell manager={manager} /> },
  {
    heading: 'Data-key cache',
    cell: ({ dataKeyCache: { maxAgeSeconds, maxUses } }) =>
      maxAgeSeconds === 0 ? (
        'Off'
      ) : (
        <>
          {sayAge(maxAgeSeconds)}
          <Text size="xs" c="dimmed">
            {sayCount(maxUses, 'use')}
          </Text>
        </>
      ),
  },
  { heading: 'Usage scope', cell: ({ usageScope }) => sayRegion(usageScope) },
];

const ACTIONS: Column<SecretsManagerView> = {
  heading: 'Actions',
  cell: (manager) => <ManagerActions manager={manager} />,
  isActions: true,
};

function NameCell({ manager }: { manager: SecretsManagerView }): ReactNode {
  const { id, name, kind } = manager;
  return (
    <>
      <TextLink to="/secrets-managers/$secretsManager" params={{ secretsManager: id }} isName>
        {name}
      </TextLink>
      <Text size="xs" c="dimmed">
        {kind === 'aws-kms' ? `${labelOfKind(kind)} · ${manager.region}` : labelOfKind(kind)}
      </Text>
    </>
  );
}

function SecretsCell({ manager: { id, name, secretCount } }: { manager: SecretsManagerView }): ReactNode {
  const count = secretCount.toLocaleString('en');
  if (secretCount === 0) return count;
  return (
    <TextLink to="/secrets/text" search={{ manager: id }} title={`Secrets of ${name}`}>
      {count}
    </TextLink>
  );
}

function StatusCell({ manager }: { manager: SecretsManagerView }): ReactNode {
  return (
    <div className={classes.status}>
      {manager.isDefault && (
        <Badge variant="light" className={classes.badge}>
          Default
        </Badge>
      )}
      <ManagerHealth manager={manager} />
    </div>
  );
}

function sayAge(seconds: number): string {
  return seconds % 60 === 0 ? sayCount(seconds / 60, 'minute') : sayCount(seconds, 'second');
}
