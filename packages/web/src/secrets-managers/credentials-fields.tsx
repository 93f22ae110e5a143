// How a delegate gets the right to use the key: the type, and what that type needs.
import { Alert, PasswordInput, Radio, Stack, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { ASSUME_ROLE_DURATION } from '@sallyport/core';
import type { CredentialsType } from '@sallyport/core';
import { Icon } from '../ui/icons.tsx';
import classes from './manager-form.module.css';
import { SelectorsField } from './selectors-field.tsx';
import type { ManagerForm } from './use-manager-form.ts';

const TYPES: readonly { type: CredentialsType; label: string; meaning: string }[] = [
  {
    type: 'iam-role',
    label: 'Assume IAM Role on Delegate',
    meaning: 'The rights that the delegate’s own host has, such as an instance profile or a pod’s role.',
  },
  {
    type: 'access-keys',
    label: 'Enter AWS Access Keys Manually',
    meaning: 'The rights of an IAM user, by a long-lived pair of keys.',
  },
  {
    type: 'sts-role',
    label: 'Assume Role Using STS on Delegate',
    meaning: 'The delegate assumes another role for this alone, by short sessions.',
  },
];

export function CredentialsFields({ form }: { form: ManagerForm }): ReactNode {
  const { draft, change } = form;
  const { credentialsType } = draft;
  return (
    <Stack gap="md">
      <Radio.Group
        label="Credentials Type"
        value={credentialsType}
        onChange={(type) => change({ credentialsType: type })}
      >
        <Stack gap="xs" mt={6}>
          {TYPES.map(({ type, label, meaning }) => (
            <Radio key={type} value={type} label={label} description={meaning} />
          ))}
        </Stack>
      </Radio.Group>
      {credentialsType === 'access-keys' && <AccessKeyFields form={form} />}
      <SelectorsField form={form} />
      {credentialsType === 'sts-role' && <RoleFields form={form} />}
    </Stack>
  );
}

function AccessKeyFields({ form }: { form: ManagerForm }): ReactNode {
  const { draft, saved, change, leave, errorOf } = form;
  const kept =
    saved?.kind === 'aws-kms' && saved.credentials.type === 'access-keys' ? saved.credentials : null;
  return (
    <>
      <Alert color="yellow" variant="light" icon={<Icon name="alert" />} title="Access keys do not expire">
        Whoever has them can use the key from anywhere, until somebody switches them off at AWS. They are the
        one credential that the server keeps (encrypted under its root key) and hands to delegates. Prefer a
        role where you can, and rotate them where you cannot.
      </Alert>
      <div className={classes.pair}>
        <TextInput
          label="Access Key"
          {...(kept === null ? {} : { description: `Saved: ${kept.accessKeyId}` })}
          placeholder={kept === null ? 'AKIAIOSFODNN7EXAMPLE' : 'Unchanged'}
          required={kept === null}
          autoComplete="off"
          spellCheck={false}
          maxLength={128}
          value={draft.accessKeyId}
          onChange={(event) => change({ accessKeyId: event.currentTarget.value })}
          onBlur={() => leave('accessKeyId')}
          error={errorOf('accessKeyId')}
        />
        <PasswordInput
          label="Secret Key"
          {...(kept === null ? {} : { description: 'Empty: the saved one stays.' })}
          placeholder={kept === null ? '' : 'Unchanged'}
          required={kept === null}
          autoComplete="new-password"
          spellCheck={false}
          maxLength={256}
          value={draft.secretAccessKey}
          onChange={(event) => change({ secretAccessKey: event.currentTarget.value })}
          onBlur={() => leave('secretAccessKey')}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the secret key' }}
          error={errorOf('secretAccessKey')}
        />
      </div>
    </>
  );
}

function RoleFields({ form }: { form: ManagerForm }): ReactNode {
  const { draft, change, leave, errorOf } = form;
  const { minSeconds, maxSeconds } = ASSUME_ROLE_DURATION;
  return (
    <>
      <TextInput
        label="Role ARN"
        placeholder="arn:aws:iam::111122223333:role/sallyport"
        required
        autoComplete="off"
        spellCheck={false}
        maxLength={2048}
        value={draft.roleArn}
        onChange={(event) => change({ roleArn: event.currentTarget.value })}
        onBlur={() => leave('roleArn')}
        error={errorOf('roleArn')}
      />
      <div className={classes.pair}>
        <TextInput
          label="External ID"
          description="Recommended: the trust policy of the role should demand it."
          autoComplete="off"
          spellCheck={false}
          maxLength={1224}
          value={draft.externalId}
          onChange={(event) => change({ externalId: event.currentTarget.value })}
          onBlur={() => leave('externalId')}
          error={errorOf('externalId')}
        />
        <TextInput
          label="Assume Role Duration"
          description={`Seconds, ${minSeconds} to ${maxSeconds.toLocaleString('en')}; from a role, at most 3,600.`}
          inputMode="numeric"
          required
          autoComplete="off"
          maxLength={6}
          value={draft.duration}
          onChange={(event) => change({ duration: event.currentTarget.value })}
          onBlur={() => leave('duration')}
          error={errorOf('duration')}
        />
      </div>
    </>
  );
}
