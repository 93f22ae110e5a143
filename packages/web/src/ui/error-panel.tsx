// The one way in which an error is shown in a page: what is wrong, what to do next, and behind it the facts.
import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import { CopyButton } from './copy-button.tsx';
import { DelegateKeyChanged } from './delegate-key-changed.tsx';
import { factsOf } from './error-facts.ts';
import classes from './error-panel.module.css';
import { Icon } from './icons.tsx';

type Props = {
  error: unknown;
  /** Above the message; left out: what the code stands for needs no title. */
  title?: string;
  /** Given: there is a button that tries again. */
  onRetry?: () => void;
};

export function ErrorPanel({ error, title, onRetry }: Props): ReactNode {
  const facts = factsOf(error);
  const { code, message, hint, rows, missingStatement } = facts;
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      icon={<Icon name="alert" size={20} />}
      title={title ?? message}
      className={classes.panel}
      data-error-code={code ?? 'fault'}
    >
      <Stack gap="sm">
        {title !== undefined && <Text size="sm">{message}</Text>}
        {hint !== null && <Text size="sm">{hint}</Text>}
        {isAppError(error, 'delegate-key-changed') && (
          <DelegateKeyChanged data={error.data} onTrusted={onRetry} />
        )}
        {missingStatement !== null && <MissingStatement statement={missingStatement} />}
        {(rows.length > 0 || code !== null) && (
          <dl className={classes.facts}>
            {code !== null && <Fact label="Code" value={code} />}
            {rows.map(({ label, value }) => (
              <Fact key={label} label={label} value={value} />
            ))}
          </dl>
        )}
        {onRetry !== undefined && (
          <Group>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<Icon name="refresh" size={14} />}
              onClick={onRetry}
            >
              Try again
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

function Fact({ label, value }: { label: string; value: string }): ReactNode {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The policy statement that would allow what AWS refused, ready to paste. */
export function MissingStatement({ statement }: { statement: string }): ReactNode {
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={600}>
          Missing policy statement
        </Text>
        <CopyButton text={statement} label="Copy statement" />
      </Group>
      <Code block tabIndex={0} aria-label="Missing policy statement" className={classes.statement}>
        {statement}
      </Code>
    </div>
  );
}
