// The one kind of dialog.
import { Modal } from '@mantine/core';
import type { ModalProps } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { useSessionWatch } from '../client/client-context.tsx';
import classes from './dialog.module.css';

type Props = Pick<
  ModalProps,
  'opened' | 'onClose' | 'size' | 'closeOnEscape' | 'closeOnClickOutside' | 'withCloseButton'
> & {
  title: string;
  children: ReactNode;
};

export function Dialog({ title, children, ...props }: Props): ReactNode {
  const session = useSessionWatch();
  const hasEnded = useSyncExternalStore(session.subscribe, session.hasEnded);
  return (
    <Modal
      centered
      // Escape reaches every dialog: while another one above asks to sign in again, it must not take away what was typed below.
      closeOnEscape={!hasEnded}
      title={title}
      classNames={{
        content: classes.content ?? '',
        header: classes.header ?? '',
        title: classes.title ?? '',
      }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      // Beside the page, its header would count as a second banner of it.
      attributes={{ header: { role: 'presentation' } }}
      overlayProps={{ backgroundOpacity: 0.4 }}
      {...props}
    >
      {children}
    </Modal>
  );
}
