// What can be done with a secrets manager from the list: test it, make it the default, delete it.
import { Button, Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { DropMenu } from '../ui/drop-menu.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { useDeleteManager } from './use-delete-manager.ts';

const TestDialog = lazy(async () => ({ default: (await import('./test-dialog.tsx')).TestDialog }));

export function ManagerActions({ manager }: { manager: SecretsManagerView }): ReactNode {
  const { id, name, isDefault } = manager;
  const navigate = useNavigate();
  const [isTesting, setTesting] = useState(false);
  const remove = useDeleteManager(manager);
  const makeDefault = useAction(
    async (client) => client.call('makeDefaultSecretsManager', { params: { secretsManager: id } }),
    { forgets: ['listSecretsManagers', 'getSecretsManager'] },
  );
  const setDefault = (): void =>
    makeDefault.mutate(undefined, {
      onSuccess: () => notify.done(`“${name}” is the default now.`),
      onError: (error) => notify.failure(error),
    });
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => setTesting(true)}
        aria-label={`Test ${name}`}
      >
        Test
      </Button>
      <DropMenu target={<IconButton icon="more" label={`More about ${name}`} />}>
        <Menu.Item
          leftSection={<Icon name="edit" size={16} />}
          onClick={() =>
            void navigate({ to: '/secrets-managers/$secretsManager', params: { secretsManager: id } })
          }
        >
          Edit
        </Menu.Item>
        {!isDefault && (
          <Menu.Item leftSection={<Icon name="check" size={16} />} onClick={setDefault}>
            Use as Default
          </Menu.Item>
        )}
        <Menu.Item leftSection={<Icon name="trash" size={16} />} onClick={remove}>
          Delete
        </Menu.Item>
      </DropMenu>
      {isTesting && (
        <Suspense>
          <TestDialog manager={manager} onClose={() => setTesting(false)} />
        </Suspense>
      )}
    </>
  );
}
