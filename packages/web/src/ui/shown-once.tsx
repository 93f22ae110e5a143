// What the server tells only once, such as a new key or a one-time link: to be copied now. It closes by its button alone, so that nobody
// loses it by a stray click, and what it shows goes with it.
import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyButton } from './copy-button.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icons.tsx';
import classes from './shown-once.module.css';

type Props = {
  title: string;
  /** What it is, for people who hear the page, e.g. `Value of the API key`. */
  label: string;
  value: string;
  /** What to do with it. */
  children: ReactNode;
  onClose: () => void;
};

export function ShownOnce({ title, label, value, children, onClose }: Props): ReactNode {
  return (
    <Dialog
      opened
      onClose={onClose}
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
      title={title}
      size="lg"
    >
      <Stack gap="md">
        <Text size="sm" component="div">
          {children}
        </Text>
        <Code block tabIndex={0} aria-label={label} className={classes.value} data-shown-once>
          {value}
        </Code>
        <Alert color="yellow" variant="light" icon={<Icon name="alert" />} p="xs">
          It is shown this once. The server keeps no copy that could be shown again.
        </Alert>
        <Group justify="flex-end">
          <CopyButton text={value} />
          <Button size="compact-sm" onClick={onClose}>
            Done
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
