// How a run of a start-up profile ended, or stands, at a glance.
import { Badge, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ProfileRun } from '@sallyport/protocol';
import classes from './profiles.module.css';
import { sayOutcome, sayState } from './say-run.ts';

/** @param props.isShort without why it was refused or interrupted, which takes sentences */
export function RunOutcome({ run, isShort = false }: { run: ProfileRun; isShort?: boolean }): ReactNode {
  const { label, color } = sayState(run);
  const outcome = isShort && run.error !== null ? null : sayOutcome(run);
  return (
    <span className={classes.outcome}>
      <Badge color={color} variant="light" tt="none">
        {label}
      </Badge>
      {outcome !== null && (
        <Text size="sm" component="span" className={classes.words}>
          {outcome}
        </Text>
      )}
    </span>
  );
}
