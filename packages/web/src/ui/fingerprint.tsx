// A delegate's fingerprint, in groups that can be compared aloud.
import { Code } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './fingerprint.module.css';

const GROUP_CHARACTERS = 8;

export function Fingerprint({ value }: { value: string }): ReactNode {
  const [algorithm = '', hash = ''] = value.split(':');
  const groups = hash.match(new RegExp(`.{1,${GROUP_CHARACTERS}}`, 'g')) ?? [];
  return (
    <Code className={classes.fingerprint} data-fingerprint={value}>
      {algorithm}:
      {groups.map((group, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the groups of one text, which never move
        <span key={index} className={classes.group}>
          {group}
        </span>
      ))}
    </Code>
  );
}
