// Sets up a second factor: the password, then the code to scan and the first code of the app. The secret lives here only.
import { Code, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { PendingTotp } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { QrImage } from './qr-image.tsx';

type Props = { onDone: (recoveryCodes: readonly string[]) => void; onClose: () => void };

export function SetUpSecondFactor({ onDone, onClose }: Props): ReactNode {
  const [pending, setPending] = useState<PendingTotp | null>(null);
  return pending === null ? (
    <PasswordStep onPending={setPending} onClose={onClose} />
  ) : (
    <CodeStep pending={pending} onDone={onDone} onClose={onClose} />
  );
}

function PasswordStep(props: { onPending: (pending: PendingTotp) => void; onClose: () => void }): ReactNode {
  const { onPending, onClose } = props;
  const [password, setPassword] = useState('');
  const begin = useAction(async (client) => client.call('beginTotp', { body: { password } }));
  const submit = (): void => {
    if (password !== '') begin.mutate(undefined, { onSuccess: onPending });
  };
  return (
    <FormDialog
      title="Set up a second factor"
      submitLabel="Go on"
      onSubmit={submit}
      onClose={onClose}
      isPending={begin.isPending}
      error={otherError(begin.error, 'sign-in-failed')}
    >
      <Text size="sm">
        You need an authenticator app, such as one on your phone or in a password manager. First, your
        password once more: a borrowed session is not enough for this.
      </Text>
      <PasswordInput
        label="Password"
        required
        data-autofocus
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
        error={fieldMessage(begin.error, 'sign-in-failed')}
      />
    </FormDialog>
  );
}

function CodeStep({ pending, onDone, onClose }: Props & { pending: PendingTotp }): ReactNode {
  const [code, setCode] = useState('');
  const confirm = useAction(
    async (client) => client.call('confirmTotp', { body: { code: code.replaceAll(/\s/g, '') } }),
    { forgets: ['getMyProfile'] },
  );
  const submit = (): void => {
    if (code.trim() === '') return;
    confirm.mutate(undefined, { onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes) });
  };
  return (
    <FormDialog
      title="Set up a second factor"
      submitLabel="Confirm"
      onSubmit={submit}
      onClose={onClose}
      isPending={confirm.isPending}
      error={otherError(confirm.error, 'sign-in-failed')}
    >
      <Text size="sm">Scan this with the app, or type the secret into it.</Text>
      <QrImage text={pending.uri} label="The secret as a QR code, for an authenticator app" />
      <Stack gap={6}>
        <Text size="sm" fw={600}>
          Secret
        </Text>
        <Code block data-secret>
          {pending.secret.match(/.{1,4}/g)?.join(' ')}
        </Code>
        <Group gap="xs">
          <CopyButton text={pending.secret} label="Copy secret" />
          <CopyButton text={pending.uri} label="Copy as otpauth address" />
        </Group>
      </Stack>
      <TextInput
        label="Code"
        description="The six digits that the app shows now."
        required
        data-autofocus
        autoComplete="one-time-code"
        inputMode="numeric"
        maxLength={16}
        spellCheck={false}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={fieldMessage(confirm.error, 'sign-in-failed')}
      />
    </FormDialog>
  );
}
