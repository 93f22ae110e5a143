// Changes name and rights of a user group.
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { GroupView } from '@sallyport/protocol';
import { useAction, useOperation } from '../client/operations.ts';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { editGroupRoute } from './area.ts';
import { GroupForm } from './group-form.tsx';
import { rightsInputOf } from './rights-draft.ts';
import type { RightsDraft } from './rights-draft.ts';

export function EditGroupPage(): ReactNode {
  const params = editGroupRoute.useParams();
  const query = useOperation('getGroup', { params });
  return (
    <Page
      title={query.data === undefined ? 'Edit user group' : `Edit ${query.data.name}`}
      description={<TextLink to="/access/groups">User groups</TextLink>}
    >
      <Loaded query={query}>{(group) => <Edit key={group.id} group={group} />}</Loaded>
    </Page>
  );
}

function Edit({ group }: { group: GroupView }): ReactNode {
  // As it was when somebody began to edit: what others change meanwhile is not overwritten unseen.
  const [before] = useState(group);
  const navigate = useNavigate();
  const params = { group: before.id };
  const toGroup = (): void => void navigate({ to: '/access/groups/$group', params });
  const edit = useAction(
    async (client, { name, rights }: { name: string; rights: RightsDraft }) =>
      client.call('editGroup', {
        params,
        body: { name, ...rightsInputOf(rights), expectedUpdatedAtMs: before.updatedAtMs },
      }),
    { forgets: ['listGroups', 'getGroup', 'whoAmI'] },
  );
  return (
    <GroupForm
      group={before}
      submitLabel="Save"
      isPending={edit.isPending}
      error={edit.error}
      onSubmit={(changed) =>
        edit.mutate(changed, {
          onSuccess: ({ name }) => {
            notify.done(`The user group “${name}” was changed.`);
            toGroup();
          },
        })
      }
      onCancel={toGroup}
    />
  );
}
