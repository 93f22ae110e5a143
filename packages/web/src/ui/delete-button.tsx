// The button that begins a deletion, which a dialog confirms. It looks the same on every page: to be seen, without calling for a click.
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';

type Props = {
  /** What it says, e.g. `Delete`. */
  children: ReactNode;
  onClick: () => void;
  isLoading?: boolean;
};

export function DeleteButton({ children, onClick, isLoading = false }: Props): ReactNode {
  return (
    <Button
      variant="default"
      c="var(--mantine-color-error)"
      leftSection={<Icon name="trash" size={16} />}
      loading={isLoading}
      onClick={onClick}
    >
      {children}
    </Button>
  );
}
