// What a test found out: delegate by delegate, stage by stage, with what to do about a failure and the statement that is missing.
import { Alert, Badge, Code, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DelegatePreflight, PreflightOutcome, PreflightStage } from '@sallyport/protocol';
import { MissingStatement } from '../ui/error-panel.tsx';
import { Icon } from '../ui/icons.tsx';
import { sayCount } from '../ui/say-time.ts';
import { latencyMs } from './last-tests.ts';
import classes from './preflight-report.module.css';

const STAGES: Readonly<Record<PreflightStage['stage'], string>> = {
  'select-delegate': 'Select a delegate',
  reach: 'Reach AWS',
  credentials: 'Credentials',
  'assume-role': 'Assume role',
  key: 'Key',
  permission: 'Permission',
  context: 'Round trip with encryption context',
};

type Props = {
  outcome: PreflightOutcome;
  /** The settings have changed since. */
  isOutdated?: boolean;
  /** It is why nothing was saved. */
  isRefusal?: boolean;
};

export function PreflightReport({ outcome, isOutdated = false, isRefusal = false }: Props): ReactNode {
  const passed = outcome.delegates.filter(({ report }) => report?.ok === true).length;
  const all = outcome.delegates.length;
  return (
    <section aria-label="Test result" data-preflight={outcome.ok ? 'passed' : 'failed'}>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h4">
            {titleOf({ passed, all, isRefusal })}
          </Title>
          {isOutdated && (
            <Text size="sm" c="dimmed">
              The settings have changed since this test.
            </Text>
          )}
        </div>
        {outcome.delegates.map((one) => (
          <DelegateReport key={one.delegateId} one={one} />
        ))}
      </Stack>
    </section>
  );
}

function titleOf({ passed, all, isRefusal }: { passed: number; all: number; isRefusal: boolean }): string {
  if (passed === 0)
    return isRefusal ? 'Not saved: no delegate could use the key' : 'No delegate could use the key';
  return passed === all
    ? `It works on ${all === 1 ? 'the one delegate' : `all ${sayCount(all, 'delegate')}`}`
    : `It works on ${passed} of ${sayCount(all, 'delegate')}`;
}

function DelegateReport({ one }: { one: DelegatePreflight }): ReactNode {
  const { delegateName, report, error } = one;
  const isOk = report?.ok === true;
  const tookMs = latencyMs(one);
  return (
    <section className={classes.delegate} aria-label={delegateName} data-delegate={delegateName}>
      <Stack gap="sm">
        <Group gap="sm">
          <Title order={3} size="h5">
            {delegateName}
          </Title>
          <Badge color={isOk ? 'teal' : 'red'} variant="light">
            {isOk ? 'Passed' : 'Failed'}
          </Badge>
          {tookMs !== null && (
            <Text size="xs" c="dimmed">
              {tookMs.toLocaleString('en')} ms
            </Text>
          )}
        </Group>
        {typeof report?.identityArn === 'string' && (
          <Text size="xs" c="dimmed" className={classes.identity}>
            At AWS it is {report.identityArn}
          </Text>
        )}
        {report !== null && (
          <ol className={classes.stages}>
            {report.stages.map((stage) => (
              <Stage key={`${stage.stage} ${stage.action}`} stage={stage} />
            ))}
          </ol>
        )}
        {error !== undefined && <Failure message={error.message} data={error.data} />}
        {report?.warnings.map((warning) => (
          <Alert key={warning} color="yellow" variant="light" p="xs" icon={<Icon name="alert" />}>
            <Text size="sm" className={classes.identity}>
              {warning}
            </Text>
          </Alert>
        ))}
      </Stack>
    </section>
  );
}

const LOOKS = {
  passed: { icon: 'check', word: 'passed' },
  failed: { icon: 'close', word: 'failed' },
  skipped: { icon: 'circle', word: 'not tried' },
} as const;

function Stage({ stage }: { stage: PreflightStage }): ReactNode {
  const { outcome, action, elapsedMs, error } = stage;
  const { icon, word } = LOOKS[outcome];
  return (
    <li className={classes.stage} data-stage={stage.stage} data-outcome={outcome}>
      <span className={classes[outcome]}>
        <Icon name={icon} size={16} />
      </span>
      <div className={classes.what}>
        <Group gap={6} component="span">
          <Text span size="sm" fw={500}>
            {STAGES[stage.stage]}
          </Text>
          {action !== stage.stage && <Code className={classes.action}>{action}</Code>}
          <Text span size="xs" c="dimmed">
            {outcome === 'passed' ? `${Math.round(elapsedMs).toLocaleString('en')} ms` : word}
          </Text>
        </Group>
        {error !== undefined && <Failure message={error.message} data={error.data} />}
      </div>
    </li>
  );
}

type Data = NonNullable<NonNullable<PreflightStage['error']>['data']>;

function Failure({ message, data }: { message: string; data: Data | undefined }): ReactNode {
  const textOf = (field: string): string | null => {
    const value = data?.[field];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const facts = [
    ['AWS error', textOf('awsCode')],
    ['AWS request id', textOf('requestId')],
  ].filter(([, value]) => value !== null);
  const hint = textOf('hint');
  const statement = textOf('missingStatement');
  return (
    <Stack gap={6} mt={4}>
      <Text size="sm" className={classes.identity}>
        {message}
      </Text>
      {hint !== null && (
        <Text size="sm" className={classes.identity}>
          {hint}
        </Text>
      )}
      {facts.length > 0 && (
        <Text size="xs" c="dimmed" className={classes.identity}>
          {facts.map(([label, value]) => `${label}: ${value}`).join(' · ')}
        </Text>
      )}
      {statement !== null && <MissingStatement statement={indented(statement)} />}
    </Stack>
  );
}

/** The statement over several lines, to be read before it is pasted. */
function indented(statement: string): string {
  try {
    return JSON.stringify(JSON.parse(statement), null, 2);
  } catch {
    return statement;
  }
}
