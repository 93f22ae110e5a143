// A new API key, for oneself or for user groups. Its value is shown once, and goes with the dialog.
import { NativeSelect, Radio, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { checkDisplayName } from '@sallyport/core';
import { useMe } from '../client/me.tsx';
import { useAction } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { complaintOf, fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';
import { GroupPicker } from './group-picker.tsx';
import { isRestrictionComplete, RestrictionField } from './restriction-field.tsx';
import { rightsInputOf } from './rights-draft.ts';
import type { RightsDraft } from './rights-draft.ts';

const DAY_SECONDS = 86_400;
const LIFETIMES = [
  { value: '1', label: '1 day' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'never', label: 'It does not end' },
];
const USUAL_LIFETIME = '90';

type Owner = 'me' | 'groups';

type Draft = {
  name: string;
  owner: Owner;
  groups: string[];
  lifetime: string;
  restriction: RightsDraft | null;
};

const EMPTY: Draft = { name: '', owner: 'me', groups: [], lifetime: USUAL_LIFETIME, restriction: null };

/** @param props.isOwn only for oneself, as on the pages of one's own account */
export function CreateApiKeyDialog(props: { onClose: () => void; isOwn?: boolean }): ReactNode {
  const { onClose, isOwn = false } = props;
  const create = useAction(
    async (client, { name, owner, groups, lifetime, restriction }: Draft) =>
      client.call('createApiKey', {
        body: {
          name: name.trim(),
          owner: owner === 'me' ? 'me' : { groups },
          restriction: restriction === null ? null : rightsInputOf(restriction),
          expiresInSeconds: lifetime === 'never' ? null : Number(lifetime) * DAY_SECONDS,
        },
      }),
    { forgets: ['listApiKeys'] },
  );
  if (create.data === undefined) {
    return (
      <ApiKeyForm
        isOwn={isOwn}
        isPending={create.isPending}
        error={create.error}
        onSubmit={create.mutate}
        onClose={onClose}
      />
    );
  }
  const { apiKey, value } = create.data;
  return (
    <ShownOnce
      title={`The API key ${apiKey.name}`}
      label="Value of the API key"
      value={value}
      onClose={onClose}
    >
      Give it to the program that needs it, as SALLYPORT_TOKEN, and keep it nowhere else.
    </ShownOnce>
  );
}

type FormProps = {
  isOwn: boolean;
  isPending: boolean;
  error: Error | null;
  onSubmit: (draft: Draft) => void;
  onClose: () => void;
};

function ApiKeyForm({ isOwn, isPending, error, onSubmit, onClose }: FormProps): ReactNode {
  const mayForGroups = may(useMe(), 'manage-api-keys') && !isOwn;
  const [draft, setDraft] = useState(EMPTY);
  const [wasSent, setSent] = useState(false);
  const change = (fields: Partial<Draft>): void => setDraft({ ...draft, ...fields });
  const { name, owner, groups, lifetime, restriction } = draft;
  const complaint = name.trim() === '' ? 'It needs a name.' : complaintOf(checkDisplayName, name.trim());
  const groupsMissing = owner === 'groups' && groups.length === 0;
  const submit = (): void => {
    setSent(true);
    if (complaint === null && !groupsMissing && isRestrictionComplete(restriction)) onSubmit(draft);
  };
  return (
    <FormDialog
      title="New API key"
      submitLabel="Create"
      size={restriction === null ? 'md' : 'xl'}
      onSubmit={submit}
      onClose={onClose}
      isPending={isPending}
      error={otherError(error, 'name-taken', 'invalid-name')}
    >
      <TextInput
        label="Name"
        description="Which program it is for."
        required
        data-autofocus
        maxLength={128}
        autoComplete="off"
        value={name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        error={(wasSent ? complaint : null) ?? fieldMessage(error, 'name-taken', 'invalid-name')}
      />
      {mayForGroups && (
        <OwnerField
          owner={owner}
          onOwner={(chosen) => change({ owner: chosen })}
          groups={groups}
          onGroups={(chosen) => change({ groups: chosen })}
          error={wasSent && groupsMissing ? 'Choose at least one group.' : null}
        />
      )}
      <NativeSelect
        label="Ends after"
        data={LIFETIMES}
        value={lifetime}
        onChange={(event) => change({ lifetime: event.currentTarget.value })}
      />
      <RestrictionField
        value={restriction}
        onChange={(chosen) => change({ restriction: chosen })}
        owner={owner === 'me' ? 'I' : 'the groups'}
        showComplaints={wasSent}
      />
    </FormDialog>
  );
}

type OwnerProps = {
  owner: Owner;
  onOwner: (owner: Owner) => void;
  groups: readonly string[];
  onGroups: (groupIds: string[]) => void;
  error: string | null;
};

function OwnerField({ owner, onOwner, groups, onGroups, error }: OwnerProps): ReactNode {
  return (
    <Stack gap="sm">
      <Radio.Group label="Whose rights it has" value={owner} onChange={onOwner}>
        <Stack gap={6} mt="xs">
          <Radio value="me" label="Mine" description="It loses what I lose, and ends with my user." />
          <Radio value="groups" label="Of user groups" description="It stays when people leave." />
        </Stack>
      </Radio.Group>
      {owner === 'groups' && (
        <GroupPicker label="User groups" required value={groups} onChange={onGroups} error={error} />
      )}
    </Stack>
  );
}
