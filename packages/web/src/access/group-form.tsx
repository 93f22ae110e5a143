// Name and rights of a user group, new or not.
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { checkDisplayName } from '@sallyport/core';
import type { GroupView } from '@sallyport/protocol';
import { complaintOf, fieldMessage, otherError } from '../ui/field-errors.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { Panel } from '../ui/page.tsx';
import { areRightsComplete, NO_RIGHTS, rightsDraftOf } from './rights-draft.ts';
import type { RightsDraft } from './rights-draft.ts';
import { RightsEditor } from './rights-editor.tsx';

type Props = {
  /** null: a new one. */
  group: GroupView | null;
  submitLabel: string;
  isPending: boolean;
  error: unknown;
  onSubmit: (group: { name: string; rights: RightsDraft }) => void;
  onCancel: () => void;
};

export function GroupForm({ group, submitLabel, isPending, error, onSubmit, onCancel }: Props): ReactNode {
  const [name, setName] = useState(group?.name ?? '');
  const [rights, setRights] = useState(group === null ? NO_RIGHTS : rightsDraftOf(group));
  const [wasSent, setSent] = useState(false);
  const trimmed = name.trim();
  const complaint = trimmed === '' ? 'It needs a name.' : complaintOf(checkDisplayName, trimmed);
  const rest = otherError(error, 'name-taken', 'invalid-name');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setSent(true);
    if (complaint === null && areRightsComplete(rights)) onSubmit({ name: trimmed, rights });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Panel>
          <TextInput
            label="Name"
            required
            autoFocus={group === null}
            maxLength={128}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={(wasSent ? complaint : null) ?? fieldMessage(error, 'name-taken', 'invalid-name')}
            maw={420}
          />
        </Panel>
        <Panel title="What it allows">
          <RightsEditor
            value={rights}
            onChange={setRights}
            shown={group?.grants ?? []}
            showComplaints={wasSent}
          />
        </Panel>
        {rest !== null && <ErrorPanel error={rest} />}
        <Group>
          <Button type="submit" loading={isPending}>
            {submitLabel}
          </Button>
          <Button variant="default" onClick={onCancel} disabled={isPending}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
