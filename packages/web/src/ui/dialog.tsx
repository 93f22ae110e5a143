// The one kind of dialog.
import { Modal } from '@mantine/core';
import type { ModalProps } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './dialog.module.css';

type Props = Pick<
  ModalProps,
  'opened' | 'onClose' | 'size' | 'closeOnEscape' | 'closeOnClickOutside' | 'withCloseButton'
> & {
  title: string;
  children: ReactNode;
};

export function Dialog({ title, children, ...props }: Props): ReactNode {
  return (
    <Modal
      centered
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
