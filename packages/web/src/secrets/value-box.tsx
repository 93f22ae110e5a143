// The value of a text secret: covered, until somebody asks to see it; copied without being shown.
import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { Icon } from '../ui/icons.tsx';
import { CopyValueButton } from './copy-value-button.tsx';
import { SHOWN_SECONDS, useRevealed } from './use-revealed.ts';
import classes from './value-box.module.css';

type Props = {
  /** Of the secret, with or without a version. */
  reference: string;
  name: string;
};

export function ValueBox({ reference, name }: Props): ReactNode {
  const { text, secondsLeft, reveal, hide } = useRevealed(reference);
  return (
    <Stack gap="sm">
      {text === null ? (
        <div className={classes.box}>
          <span className={classes.covered} aria-label="The value is hidden" role="img">
            ••••••••••••
          </span>
        </div>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keyboard
        <pre className={classes.box} tabIndex={0} aria-label={`Value of ${name}`} data-secret-value>
          {text}
        </pre>
      )}
      <Group gap="xs">
        {text === null ? (
          <Button
            variant="default"
            leftSection={<Icon name="eye" size={16} />}
            loading={reveal.isPending}
            onClick={() => reveal.mutate()}
          >
            Reveal
          </Button>
        ) : (
          <Button variant="default" leftSection={<Icon name="eyeOff" size={16} />} onClick={hide}>
            Hide
          </Button>
        )}
        <CopyValueButton reference={reference} name={name} />
        <Text size="xs" c="dimmed">
          {text === null
            ? `Each reading is recorded. A revealed value hides itself after ${SHOWN_SECONDS} seconds.`
            : `Hides itself in ${secondsLeft} s.`}
        </Text>
      </Group>
      {reveal.error !== null && <ErrorPanel error={reveal.error} onRetry={() => reveal.mutate()} />}
    </Stack>
  );
}
