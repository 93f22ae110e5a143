// The field for a code of the second factor. It takes the focus: it appears when it is asked for.
import { TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

export function SecondFactorField({
  value,
  onChange,
}: {
  value: string;
  onChange: (code: string) => void;
}): ReactNode {
  return (
    <TextInput
      label="Code"
      description="The six digits that your authenticator app shows, or a recovery code."
      name="one-time-code"
      autoComplete="one-time-code"
      inputMode="text"
      spellCheck={false}
      required
      autoFocus
      maxLength={64}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
