// Signs in with name and password, and with a code where the user has a second factor. What was typed lives here only, and goes with the
// form.
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import { useOperation, useAction } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { SecondFactorField } from './second-factor-field.tsx';

type Props = {
  onSignedIn: () => void;
  /** Name to begin with. */
  name?: string;
  /** Single sign-on leads away: then it does so in another tab, for what is in this page is still needed. */
  staysInPage?: boolean;
  /** Single sign-on is about to lead away. */
  onLeave?: () => void;
};

export function SignInForm({ onSignedIn, name = '', staysInPage = false, onLeave }: Props): ReactNode {
  const [user, setUser] = useState(name);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const sso = useOperation('ssoStatus', {});
  const signIn = useAction(async (client) =>
    client.call('signIn', {
      body: { user: user.trim(), password, ...(needsCode ? { code: code.trim() } : {}) },
    }),
  );
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    signIn.mutate(undefined, {
      onSuccess: onSignedIn,
      onError: (error) => {
        if (isAppError(error, 'second-factor-required')) setNeedsCode(true);
        if (needsCode) setCode('');
      },
    });
  };
  const isHalfway = isAppError(signIn.error, 'second-factor-required');
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus={name === ''}
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          autoFocus={name !== ''}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
        />
        {needsCode && <SecondFactorField value={code} onChange={setCode} />}
        {signIn.error !== null && !isHalfway && <ErrorPanel error={signIn.error} />}
        <Button type="submit" loading={signIn.isPending} fullWidth>
          Sign in
        </Button>
        {sso.data?.enabled === true && sso.data.startPath !== null && (
          <Button
            component="a"
            href={`.${sso.data.startPath}`}
            variant="default"
            fullWidth
            onClick={onLeave}
            {...(staysInPage ? { target: '_blank', rel: 'noopener' } : {})}
          >
            Sign in with {sso.data.displayName ?? 'single sign-on'}
            {staysInPage && ', in another tab'}
          </Button>
        )}
      </Stack>
    </form>
  );
}
