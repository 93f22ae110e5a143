// Changes a start-up profile.
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { DelegateProfile } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { useAction, useOperation } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { editProfileRoute } from './area.ts';
import { NotAllowed } from './not-allowed.tsx';
import { profileChanges, profileDraftOf, runsAnew } from './profile-draft.ts';
import type { ProfileDraft } from './profile-draft.ts';
import { ProfileForm } from './profile-form.tsx';

export function EditProfilePage(): ReactNode {
  const { profile } = editProfileRoute.useParams();
  const me = useMe();
  const mayWrite = may(me, 'manage-delegates') && may(me, 'run-scripts');
  const query = useOperation('getDelegateProfile', { params: { profile } }, { enabled: mayWrite });
  return (
    <Page
      title={query.data === undefined ? 'Start-up profile' : `Edit ${query.data.name}`}
      description={<TextLink to="/start-up-profiles">Start-up profiles</TextLink>}
    >
      {mayWrite ? (
        <Loaded query={query}>{(view) => <Edit key={view.id} view={view} />}</Loaded>
      ) : (
        <NotAllowed />
      )}
    </Page>
  );
}

function Edit({ view }: { view: DelegateProfile }): ReactNode {
  const [before] = useState(view);
  const navigate = useNavigate();
  const { id } = before;
  const toProfile = (): void => void navigate({ to: '/start-up-profiles/$profile', params: { profile: id } });
  const edit = useAction(
    async (client, draft: ProfileDraft) =>
      client.call('editDelegateProfile', { params: { profile: id }, body: profileChanges(draft, before) }),
    {
      forgets: [
        'listDelegateProfiles',
        'getDelegateProfile',
        'listProfileRuns',
        'listSetupUsages',
        'listSecrets',
      ],
    },
  );
  return (
    <ProfileForm
      initial={profileDraftOf(before)}
      submitLabel="Save"
      isPending={edit.isPending}
      error={edit.error}
      noteOn={(draft) =>
        runsAnew(draft, before)
          ? 'Script or time limit are changed: its delegates run it again. A run of the revision before goes on to its end.'
          : null
      }
      onSubmit={(draft) =>
        edit.mutate(draft, {
          onSuccess: ({ name }) => {
            notify.done(`“${name}” was changed.`);
            toProfile();
          },
        })
      }
      onCancel={toProfile}
    />
  );
}
