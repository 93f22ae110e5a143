// Redeems a one-time link: a name where there is none yet, a password, and a code where the user has a second factor.
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import type { LinkView } from '@sallyport/protocol';
import { isAppError } from '@sallyport/sdk/browser';
import type { AppError } from '@sallyport/sdk/browser';
import { useAction } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { judgePassword } from './judge-password.ts';
import { SecondFactorField } from './second-factor-field.tsx';

type Props = { value: string; link: LinkView; onSignedIn: () => void };

export function RedeemForm({ value, link, onSignedIn }: Props): ReactNode {
  const isSetUp = link.purpose === 'set-up';
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [wasSent, setSent] = useState(false);
  const redeem = useAction(async (client) =>
    client.call('redeemLink', {
      body: {
        value,
        password,
        ...(isSetUp ? { name: name.trim() } : {}),
        ...(link.needsCode ? { code: code.trim() } : {}),
      },
    }),
  );
  const { error } = redeem;
  const complaint = wasSent ? judgePassword(password) : null;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setSent(true);
    if (judgePassword(password) === null) redeem.mutate(undefined, { onSuccess: onSignedIn });
  };
  const nameError = isSetUp ? messageOf(error, 'invalid-name', 'name-taken') : null;
  const passwordError = messageOf(error, 'invalid-password');
  return (
    <form onSubmit={submit} noValidate={false}>
      <Stack gap="md">
        {isSetUp ? (
          <TextInput
            label="User name"
            description="You sign in with it, and the audit trail names you by it."
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            maxLength={128}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={nameError}
          />
        ) : (
          // For password managers, which store a password under a name.
          <input type="hidden" name="username" autoComplete="username" value={link.name ?? ''} readOnly />
        )}
        <PasswordInput
          label="Password"
          description="At least 12 characters. A few words that belong to nobody else are good."
          name="new-password"
          autoComplete="new-password"
          required
          autoFocus={!isSetUp}
          maxLength={1024}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
          error={complaint ?? passwordError}
        />
        {link.needsCode && <SecondFactorField value={code} onChange={setCode} />}
        {error !== null && nameError === null && passwordError === null && <ErrorPanel error={error} />}
        <Button type="submit" loading={redeem.isPending} fullWidth>
          {isSetUp ? 'Create the administrator' : 'Set password and sign in'}
        </Button>
      </Stack>
    </form>
  );
}

function messageOf(error: unknown, ...codes: AppError['code'][]): string | null {
  return isAppError(error) && codes.includes(error.code) ? error.publicMessage : null;
}
