// Writes a start-up profile.
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMe } from '../client/me.tsx';
import { useAction } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { NotAllowed } from './not-allowed.tsx';
import { EMPTY_PROFILE, profileInputOf } from './profile-draft.ts';
import type { ProfileDraft } from './profile-draft.ts';
import { ProfileForm } from './profile-form.tsx';
import { sayWhoRuns } from './say-run.ts';

export function NewProfilePage(): ReactNode {
  const me = useMe();
  const navigate = useNavigate();
  const create = useAction(
    async (client, draft: ProfileDraft) =>
      client.call('createDelegateProfile', { body: profileInputOf(draft) }),
    { forgets: ['listDelegateProfiles', 'listSetupUsages', 'listSecrets'] },
  );
  const mayWrite = may(me, 'manage-delegates') && may(me, 'run-scripts');
  return (
    <Page
      title="New start-up profile"
      description={<TextLink to="/start-up-profiles">Start-up profiles</TextLink>}
    >
      {mayWrite ? (
        <ProfileForm
          initial={EMPTY_PROFILE}
          submitLabel="Create"
          isPending={create.isPending}
          error={create.error}
          noteOn={({ selectors }) =>
            `It runs at once on ${sayWhoRuns(selectors)} that are connected, and on others when they first connect.`
          }
          onSubmit={(draft) =>
            create.mutate(draft, {
              onSuccess: ({ id, name }) => {
                notify.done(`The start-up profile “${name}” is created.`);
                void navigate({ to: '/start-up-profiles/$profile', params: { profile: id } });
              },
            })
          }
          onCancel={() => void navigate({ to: '/start-up-profiles' })}
        />
      ) : (
        <NotAllowed />
      )}
    </Page>
  );
}
