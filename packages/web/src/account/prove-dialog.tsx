// Asks for the password, or a code, before the second factor is changed: a borrowed session is not enough for that.
import { PasswordInput, SegmentedControl, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { CallInput, Client } from '@sallyport/sdk/browser';
import { useAction } from '../client/operations.ts';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';

type Proof = CallInput<'disableTotp'>['body'];
type Props<R> = {
  title: string;
  submitLabel: string;
  /** What it means. */
  meaning: string;
  isDangerous?: boolean;
  hasPassword: boolean;
  run: (client: Client, proof: Proof) => Promise<R>;
  onDone: (result: R) => void;
  onClose: () => void;
};

export function ProveDialog<R>(props: Props<R>): ReactNode {
  const { title, submitLabel, meaning, isDangerous = false, hasPassword, run, onDone, onClose } = props;
  const [kind, setKind] = useState<'password' | 'code'>(hasPassword ? 'password' : 'code');
  const [text, setText] = useState('');
  const action = useAction(
    async (client) => run(client, kind === 'password' ? { password: text } : { code: text.trim() }),
    { forgets: ['getMyProfile'] },
  );
  const submit = (): void => {
    if (text === '') return;
    action.mutate(undefined, { onSuccess: onDone, onError: () => setText('') });
  };
  const choose = (chosen: 'password' | 'code'): void => {
    setKind(chosen);
    setText('');
  };
  const field = {
    required: true,
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => setText(event.currentTarget.value),
    error: fieldMessage(action.error, 'sign-in-failed'),
  };
  return (
    <FormDialog
      title={title}
      submitLabel={submitLabel}
      danger={isDangerous}
      onSubmit={submit}
      onClose={onClose}
      isPending={action.isPending}
      error={otherError(action.error, 'sign-in-failed')}
    >
      <Text size="sm">{meaning}</Text>
      {hasPassword && (
        <SegmentedControl
          aria-label="How you show that it is you"
          data={[
            { value: 'password', label: 'Password' },
            { value: 'code', label: 'Code' },
          ]}
          value={kind}
          onChange={choose}
        />
      )}
      {kind === 'password' ? (
        <PasswordInput
          {...field}
          label="Password"
          data-autofocus
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
        />
      ) : (
        <TextInput
          {...field}
          label="Code"
          description="The six digits that your authenticator app shows, or a recovery code."
          autoComplete="one-time-code"
          maxLength={64}
          spellCheck={false}
        />
      )}
    </FormDialog>
  );
}
