// A token that was just created, shown this once.
import { Alert, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { CreatedDelegateToken } from '@sallyport/protocol';
import { CopyButton } from '../ui/copy-button.tsx';
import { Icon } from '../ui/icons.tsx';
import classes from './add-delegate-page.module.css';

export function CreatedToken({ created: { token, value } }: { created: CreatedDelegateToken }): ReactNode {
  return (
    <Stack gap="sm">
      <Text size="sm">
        The token “{token.name}” is created
        {token.requiresApproval ? '; delegates that use it wait for approval' : ''}.
      </Text>
      <Group gap="xs" align="center" wrap="nowrap">
        <Code block tabIndex={0} aria-label="Value of the token" className={classes.value} data-shown-once>
          {value}
        </Code>
        <CopyButton text={value} />
      </Group>
      <Alert color="yellow" variant="light" icon={<Icon name="alert" />} p="xs">
        It is shown this once, on this page. The server keeps no copy that could be shown again.
      </Alert>
    </Stack>
  );
}
