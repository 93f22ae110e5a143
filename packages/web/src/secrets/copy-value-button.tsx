// Copies the value of a secret without showing it, as a button with words or as an icon in a row.
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import { useAction } from '../client/operations.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { copyValue } from './copy-value.ts';
import { READING } from './forgets.ts';

type Props = {
  /** Of the secret, with or without a version. */
  reference: string;
  name: string;
  isIcon?: boolean;
};

export function CopyValueButton({ reference, name, isIcon = false }: Props): ReactNode {
  const copy = useAction(async (client) => copyValue(client, reference), {
    forgets: READING,
  });
  const run = (): void =>
    copy.mutate(undefined, {
      onSuccess: () => notify.done(`The value of “${name}” is in the clipboard`, 'The reading is recorded.'),
      onError: (error) =>
        notify.failure(
          isAppError(error) ? error : 'The browser did not let this page copy. Reveal the value instead.',
        ),
    });
  if (!isIcon) {
    return (
      <Button
        variant="default"
        leftSection={<Icon name="copy" size={16} />}
        loading={copy.isPending}
        onClick={run}
      >
        Copy
      </Button>
    );
  }
  const label = `Copy the value of ${name}`;
  return (
    <IconButton
      icon="copy"
      label={label}
      isBusy={copy.isPending}
      onClick={run}
      title="Copy the value without showing it"
    />
  );
}
