// Edits the settings of single sign-on. The client secret lives in this form only, and goes with it.
import { Button, Checkbox, Group, PasswordInput, Radio, Stack, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import type { SsoView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { GroupMapping } from './group-mapping.tsx';
import { judgeSso, mayKeepSecret, ssoDraftOf, ssoInputOf } from './sso-draft.ts';
import type { SsoComplaints, SsoDraft } from './sso-draft.ts';

type FieldsProps = {
  draft: SsoDraft;
  change: (fields: Partial<SsoDraft>) => void;
  complaints: SsoComplaints;
  sso: SsoView | null;
};

export function SsoForm({ sso, onDone }: { sso: SsoView | null; onDone: () => void }): ReactNode {
  const [before] = useState(sso);
  const [draft, setDraft] = useState(() => ssoDraftOf(before));
  const [wasSent, setSent] = useState(false);
  const change = (fields: Partial<SsoDraft>): void => setDraft({ ...draft, ...fields });
  const put = useAction(async (client) => client.call('putSso', { body: ssoInputOf(draft) }), {
    forgets: ['getSso', 'ssoStatus'],
  });
  const complaints = judgeSso(draft, before);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setSent(true);
    if (Object.keys(complaints).length > 0) return;
    put.mutate(undefined, {
      onSuccess: () => {
        notify.done('Single sign-on is set up.');
        onDone();
      },
    });
  };
  const props = { draft, change, complaints: wasSent ? complaints : {}, sso: before };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <ProviderFields {...props} />
        <PeopleFields {...props} />
        {put.error !== null && <ErrorPanel error={put.error} />}
        <Group>
          <Button type="submit" loading={put.isPending}>
            Save
          </Button>
          <Button variant="default" onClick={onDone} disabled={put.isPending}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ProviderFields({ draft, change, complaints, sso }: FieldsProps): ReactNode {
  return (
    <Panel title="Provider">
      <Stack gap="md" maw={640}>
        <TextInput
          label="Issuer"
          description="Address of the provider, exactly as it names itself, with or without a slash at its end."
          placeholder="https://login.example.com/realms/acme"
          required
          autoFocus
          maxLength={512}
          autoComplete="off"
          value={draft.issuer}
          onChange={(event) => change({ issuer: event.currentTarget.value.trim() })}
          error={complaints.issuer}
        />
        <TextInput
          label="Client id"
          required
          maxLength={256}
          autoComplete="off"
          value={draft.clientId}
          onChange={(event) => change({ clientId: event.currentTarget.value.trim() })}
          error={complaints.clientId}
        />
        <ClientSecret draft={draft} change={change} complaints={complaints} sso={sso} />
        <TextInput
          label="Name on the sign-in page"
          description="People read: Sign in with …"
          required
          maxLength={64}
          autoComplete="off"
          value={draft.displayName}
          onChange={(event) => change({ displayName: event.currentTarget.value })}
          error={complaints.displayName}
        />
        <TagsInput
          label="Scopes"
          description="openid is always asked for. Add the one that the groups’ claim needs."
          maxTags={16}
          splitChars={[' ', ',']}
          acceptValueOnBlur
          value={draft.scopes}
          onChange={(scopes) => change({ scopes })}
        />
      </Stack>
    </Panel>
  );
}

function ClientSecret({ draft, change, complaints, sso }: FieldsProps): ReactNode {
  return (
    <Stack gap="xs">
      <Radio.Group
        label="Client secret"
        value={draft.secretChoice}
        onChange={(choice) => change({ secretChoice: choice, clientSecret: '' })}
        error={draft.secretChoice === 'new' ? null : complaints.clientSecret}
      >
        <Stack gap={6} mt="xs">
          {sso?.hasClientSecret === true && (
            <Radio value="keep" label="The one that is stored" disabled={!mayKeepSecret(draft, sso)} />
          )}
          <Radio value="new" label={sso?.hasClientSecret === true ? 'Another one' : 'A secret'} />
          <Radio value="none" label="None: a public client" />
        </Stack>
      </Radio.Group>
      {draft.secretChoice === 'new' && (
        <PasswordInput
          label="Secret"
          description="It is encrypted under the server’s root key, and never shown again."
          required
          maxLength={1024}
          autoComplete="off"
          value={draft.clientSecret}
          onChange={(event) => change({ clientSecret: event.currentTarget.value })}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the secret' }}
          error={complaints.clientSecret}
        />
      )}
    </Stack>
  );
}

function PeopleFields({ draft, change, complaints, sso }: FieldsProps): ReactNode {
  return (
    <Panel title="Who comes in">
      <Stack gap="md" maw={640}>
        <Checkbox
          label="Make a user at the first sign-in"
          description="Otherwise only those come in who have done so before."
          checked={draft.createUsers}
          onChange={(event) => change({ createUsers: event.currentTarget.checked })}
        />
        <TagsInput
          label="Mail domains"
          description="Only users with a verified mail address of these very domains. Empty: any user of the provider."
          maxTags={64}
          splitChars={[' ', ',']}
          acceptValueOnBlur
          value={draft.domains}
          onChange={(domains) => change({ domains })}
          error={complaints.domains}
        />
        <TextInput
          label="Claim with groups"
          description="A list or a text; one within others by a JSON pointer: /realm_access/roles. At each sign-in users enter and leave the groups below as it says."
          placeholder="groups"
          maxLength={256}
          autoComplete="off"
          value={draft.groupClaim}
          onChange={(event) => change({ groupClaim: event.currentTarget.value })}
        />
        <GroupMapping
          mapping={draft.mapping}
          shown={sso?.groupMapping.map(({ group }) => group) ?? []}
          onChange={(mapping) => change({ mapping })}
          error={complaints.mapping}
        />
      </Stack>
    </Panel>
  );
}
