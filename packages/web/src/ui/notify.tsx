// Short messages in the corner: that something was done, or could not be. What a person has to act on stands in the page instead, in an
// error panel where it happened. Values never stand in a message.
import { Text as Words } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import { factsOf } from './error-facts.ts';
import { Icon } from './icons.tsx';
import classes from './notify.module.css';

type Text = { title: string; message?: ReactNode };

const DONE_MS = 5000;
const READ_MS = 12_000;

function show(text: Text, look: { color: string; icon: ReactNode; autoClose: number; role: string }): void {
  const { title, message = null } = text;
  notifications.show({
    title,
    // The component's own grey has too little contrast.
    message:
      message === null ? null : (
        <Words size="sm" c="dimmed" component="div" className={classes.message}>
          {message}
        </Words>
      ),
    withBorder: true,
    closeButtonProps: { 'aria-label': 'Dismiss' },
    ...look,
  });
}

export const notify = {
  /** That something was done. */
  done(title: string, message?: ReactNode): void {
    show(
      { title, message },
      { color: 'teal', icon: <Icon name="check" />, autoClose: DONE_MS, role: 'status' },
    );
  },
  /** What is worth to know. */
  info(text: Text): void {
    show(text, { color: 'harbour', icon: <Icon name="alert" />, autoClose: READ_MS, role: 'status' });
  },
  /** That something was not done: an error, or why in words. */
  failure(error: unknown): void {
    const title = typeof error === 'string' ? error : factsOf(error).message;
    show({ title }, { color: 'red', icon: <Icon name="alert" />, autoClose: READ_MS, role: 'alert' });
  },
};
