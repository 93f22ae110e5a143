// Changes the own password. What is typed lives in this form only, and goes with it.
import { PasswordInput, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useAction } from '../client/operations.ts';
import { judgePassword } from '../sign-in/judge-password.ts';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';

export function ChangePasswordDialog({ name, onClose }: { name: string; onClose: () => void }): ReactNode {
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const [wasSent, setSent] = useState(false);
  const change = useAction(
    async (client) =>
      client.call('changeMyPassword', { body: { currentPassword: current, newPassword: fresh } }),
    { forgets: ['listMySessions'] },
  );
  const complaint = judgePassword(fresh);
  const submit = (): void => {
    setSent(true);
    if (complaint !== null || current === '') return;
    change.mutate(undefined, {
      onSuccess: () => {
        notify.done('The password was changed. All other sessions have ended.');
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title="Change password"
      submitLabel="Change password"
      onSubmit={submit}
      onClose={onClose}
      isPending={change.isPending}
      error={otherError(change.error, 'sign-in-failed', 'invalid-password')}
    >
      <Text size="sm" c="dimmed">
        All your other sessions end. API keys go on working.
      </Text>
      <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
      <PasswordInput
        label="Current password"
        required
        data-autofocus
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the current password' }}
        error={
          (wasSent && current === '' ? 'Which is it now?' : null) ??
          fieldMessage(change.error, 'sign-in-failed')
        }
      />
      <PasswordInput
        label="New password"
        description="At least 12 characters. A few words that belong to nobody else are good."
        required
        autoComplete="new-password"
        maxLength={1024}
        value={fresh}
        onChange={(event) => setFresh(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the new password' }}
        error={(wasSent ? complaint : null) ?? fieldMessage(change.error, 'invalid-password')}
      />
    </FormDialog>
  );
}
