// A dialog with a form in it: fields, what went wrong, and two buttons. It stays open until what it asks for is done.
import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode, SubmitEvent } from 'react';
import { Dialog } from './dialog.tsx';
import { ErrorPanel } from './error-panel.tsx';

type Props = {
  title: string;
  /** Words of the button that does it, e.g. `Create`. */
  submitLabel: string;
  onSubmit: () => void;
  onClose: () => void;
  isPending: boolean;
  /** What went wrong, unless it stands beside a field; null: nothing. */
  error?: unknown;
  danger?: boolean;
  size?: 'md' | 'lg' | 'xl';
  children: ReactNode;
};

export function FormDialog({
  title,
  submitLabel,
  onSubmit,
  onClose,
  isPending,
  error = null,
  danger = false,
  size = 'md',
  children,
}: Props): ReactNode {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!isPending) onSubmit();
  };
  return (
    <Dialog opened onClose={isPending ? () => undefined : onClose} title={title} size={size}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          {children}
          {error !== null && <ErrorPanel error={error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose} disabled={isPending}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} color={danger ? 'red' : undefined}>
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
