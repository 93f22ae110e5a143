// A new delegate token.
import { Button, Checkbox, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { checkDisplayName } from '@sallyport/core';
import type { CreatedDelegateToken } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { complaintOf, fieldMessage, otherError } from '../ui/field-errors.ts';
import classes from './add-delegate-page.module.css';

const HOUR_SECONDS = 3600;
const LIFETIMES = [
  { value: '1', label: '1 hour' },
  { value: '24', label: '1 day' },
  { value: '720', label: '30 days' },
  { value: 'never', label: 'It does not end' },
];

export function TokenForm({ onCreated }: { onCreated: (created: CreatedDelegateToken) => void }): ReactNode {
  const [name, setName] = useState('');
  const [lifetime, setLifetime] = useState('24');
  const [requiresApproval, setRequiresApproval] = useState(false);
  const [wasSent, setSent] = useState(false);
  const create = useAction(
    async (client) =>
      client.call('createDelegateToken', {
        body: {
          name: name.trim(),
          requiresApproval,
          expiresInSeconds: lifetime === 'never' ? null : Number(lifetime) * HOUR_SECONDS,
        },
      }),
    { forgets: ['listDelegateTokens'] },
  );
  const complaint = name.trim() === '' ? 'Give it a name.' : complaintOf(checkDisplayName, name.trim());
  const error = otherError(create.error, 'name-taken', 'invalid-name');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setSent(true);
    if (complaint === null && !create.isPending) create.mutate(undefined, { onSuccess: onCreated });
  };
  return (
    <form onSubmit={submit} noValidate aria-label="New delegate token">
      <Stack gap="md">
        <div className={classes.pair}>
          <TextInput
            label="Token name"
            description="What it is for, such as a network or a cluster."
            placeholder="prod-vpc"
            required
            autoComplete="off"
            spellCheck={false}
            maxLength={128}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={(wasSent ? complaint : null) ?? fieldMessage(create.error, 'name-taken', 'invalid-name')}
          />
          <NativeSelect
            label="Ends after"
            description="Delegates that it has admitted stay."
            data={LIFETIMES}
            value={lifetime}
            onChange={(event) => setLifetime(event.currentTarget.value)}
          />
        </div>
        <Checkbox
          label="Delegates wait for approval"
          description="For tokens that many could see, such as in a launch template."
          checked={requiresApproval}
          onChange={(event) => setRequiresApproval(event.currentTarget.checked)}
        />
        {error !== null && <ErrorPanel error={error} />}
        <div>
          <Button type="submit" loading={create.isPending}>
            Create token
          </Button>
        </div>
      </Stack>
    </form>
  );
}
