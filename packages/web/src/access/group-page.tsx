// One user group: what it allows, and who is in it.
import { Group } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { GroupDetail } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useMe } from '../client/me.tsx';
import { useForget, useOperation } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { DeleteButton } from '../ui/delete-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { notify } from '../ui/notify.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { groupRoute } from './area.ts';
import { GroupMembers } from './group-members.tsx';
import { RightsInFull } from './rights-summary.tsx';

export function GroupPage(): ReactNode {
  const params = groupRoute.useParams();
  const query = useOperation('getGroup', { params });
  if (query.data === undefined) {
    return (
      <Page title="User group">
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  }
  return <Detail key={query.data.id} group={query.data} />;
}

function Detail({ group }: { group: GroupDetail }): ReactNode {
  const mayManage = may(useMe(), 'manage-users-and-groups');
  const remove = useDeletion(group);
  const { id, name, builtIn, account, grants, updatedAtMs } = group;
  const actions = (
    <>
      <LinkButton
        to="/access/groups/$group/edit"
        params={{ group: id }}
        variant="default"
        leftSection={<Icon name="edit" size={16} />}
      >
        Edit
      </LinkButton>
      <DeleteButton onClick={() => void remove()}>Delete</DeleteButton>
    </>
  );
  return (
    <Page
      title={name}
      description={
        <Group gap={6}>
          <TextLink to="/access/groups">User groups</TextLink>
          <span>
            ·{' '}
            {builtIn ? (
              'built-in: only its members change'
            ) : (
              <>
                changed <RelativeTime atMs={updatedAtMs} />
              </>
            )}
          </span>
        </Group>
      }
      actions={mayManage && !builtIn ? actions : undefined}
    >
      <Panel title="What it allows">
        <RightsInFull account={account} grants={grants} />
      </Panel>
      {mayManage && <GroupMembers group={group} />}
    </Page>
  );
}

function useDeletion({ id, name }: GroupDetail): () => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const navigate = useNavigate();
  const params = { group: id };
  return async () => {
    const outcome = await confirmations.ask({
      title: `Delete the user group ${name}?`,
      confirmLabel: 'Delete user group',
      danger: true,
      body: 'This cannot be undone. Its members stay, without what only this group allowed.',
      preview: async () => {
        const data = await client.call('previewGroupDeletion', { params });
        return { data, confirmationToken: data.confirmationToken };
      },
      run: async (token) => client.call('deleteGroup', { params, query: { confirm: token ?? '' } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`The user group “${name}” was deleted.`);
    await navigate({ to: '/access/groups' });
    await forget('listGroups', 'whoAmI');
  };
}
