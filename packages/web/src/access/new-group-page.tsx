// A new user group.
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useAction } from '../client/operations.ts';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { GroupForm } from './group-form.tsx';
import { rightsInputOf } from './rights-draft.ts';
import type { RightsDraft } from './rights-draft.ts';

export function NewGroupPage(): ReactNode {
  const navigate = useNavigate();
  const create = useAction(
    async (client, { name, rights }: { name: string; rights: RightsDraft }) =>
      client.call('createGroup', { body: { name, ...rightsInputOf(rights) } }),
    { forgets: ['listGroups'] },
  );
  return (
    <Page title="New user group" description={<TextLink to="/access/groups">User groups</TextLink>}>
      <GroupForm
        group={null}
        submitLabel="Create user group"
        isPending={create.isPending}
        error={create.error}
        onSubmit={(group) =>
          create.mutate(group, {
            onSuccess: ({ id, name }) => {
              notify.done(`The user group “${name}” was created.`);
              void navigate({ to: '/access/groups/$group', params: { group: id } });
            },
          })
        }
        onCancel={() => void navigate({ to: '/access/groups' })}
      />
    </Page>
  );
}
