// Whether a delegate runs scripts, and what would let it.
import { Code, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyButton } from '../ui/copy-button.tsx';
import classes from './delegates-page.module.css';

const LINE = '{ "scripts": { "allow": true } }';

/** @param props.runsScripts null: not known, since it is not connected */
export function RunsScripts({ runsScripts }: { runsScripts: boolean | null }): ReactNode {
  if (runsScripts === null) return 'Not known while it is disconnected';
  if (runsScripts) return 'Its guard file allows them';
  return (
    <details className={classes.details}>
      <summary>None: its guard file does not allow it</summary>
      <Text size="sm" my={6}>
        Whoever runs the delegate can, no server can. Put this into the file that it is started with (
        <Code>--guard FILE</Code>, mode 0600), or the part <Code>scripts</Code> of it beside what is there,
        and start the delegate anew. A script can do what the delegate’s user can.
      </Text>
      <Group gap="xs">
        <Code>{LINE}</Code>
        <CopyButton text={LINE} label="Copy line" />
      </Group>
    </details>
  );
}
