// What a test found out, or has so far: delegate by delegate, stage by stage, with what to do about a failure and the statement that is missing.
import { Alert, Badge, Code, Group, Loader, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DelegatePreflight, PreflightOutcome, PreflightStep } from '@sallyport/protocol';
import { MissingStatement } from '../ui/error-panel.tsx';
import { Icon } from '../ui/icons.tsx';
import { sayCount } from '../ui/say-time.ts';
import { saySilence } from './live-preflight.ts';
import classes from './preflight-report.module.css';

const STAGES: Readonly<Record<PreflightStep['stage'], string>> = {
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
  return (
    <section aria-label="Test result" data-preflight={outcome.ok ? 'passed' : 'failed'}>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h4">
            {sayOutcome(outcome, isRefusal)}
          </Title>
          {isOutdated && (
            <Text size="sm" c="dimmed">
              The settings have changed since this test.
            </Text>
          )}
        </div>
        {outcome.delegates.map((one) => (
          <DelegateCard
            key={one.delegateId}
            name={one.delegateName}
            state={one.report?.ok === true ? 'passed' : 'failed'}
            steps={one.report?.stages ?? []}
            finished={one}
          />
        ))}
      </Stack>
    </section>
  );
}

/** What a test came to, in one sentence without its full stop. */
export function sayOutcome({ delegates }: PreflightOutcome, isRefusal: boolean): string {
  const passed = delegates.filter(({ report }) => report?.ok === true).length;
  const all = delegates.length;
  if (passed === 0)
    return isRefusal ? 'Not saved: no delegate could use the key' : 'No delegate could use the key';
  return passed === all
    ? `It works on ${all === 1 ? 'the one delegate' : `all ${sayCount(all, 'delegate')}`}`
    : `It works on ${passed} of ${sayCount(all, 'delegate')}`;
}

const STATES = {
  running: { colour: 'gray', word: 'Running' },
  passed: { colour: 'teal', word: 'Passed' },
  failed: { colour: 'red', word: 'Failed' },
} as const;

type CardProps = {
  name: string;
  state: keyof typeof STATES;
  steps: readonly PreflightStep[];
  /** How long there has been no word of it. */
  silentSeconds?: number;
  /** What came of it; null: it is still trying. */
  finished?: DelegatePreflight | null;
  /** Beside its name. */
  note?: ReactNode;
};

/** One delegate. What is known only at the end stands below the steps, so that nothing moves that is being read. */
export function DelegateCard({
  name,
  state,
  steps,
  silentSeconds = 0,
  finished = null,
  note,
}: CardProps): ReactNode {
  const { colour, word } = STATES[state];
  const tookMs = finished === null ? null : latencyMs(finished);
  return (
    <section className={classes.delegate} aria-label={name} data-delegate={name} data-state={state}>
      <Stack gap="sm">
        <Group gap="sm">
          <Title order={3} size="h5">
            {name}
          </Title>
          <Badge color={colour} variant="light">
            {word}
          </Badge>
          {tookMs !== null && (
            <Text size="xs" c="dimmed">
              {tookMs.toLocaleString('en')} ms
            </Text>
          )}
          {note}
          {silentSeconds > 0 && <Text size="xs">{saySilence(silentSeconds)}</Text>}
        </Group>
        {steps.length > 0 && (
          <ol className={classes.stages}>
            {steps.map((step) => (
              <Step key={step.action} step={step} />
            ))}
          </ol>
        )}
        {finished !== null && <Findings one={finished} />}
      </Stack>
    </section>
  );
}

/** How long it took for all stages, in whole milliseconds; null: it did not report. */
function latencyMs({ report }: DelegatePreflight): number | null {
  return report === null
    ? null
    : Math.round(report.stages.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0));
}

function Findings({ one: { report, error } }: { one: DelegatePreflight }): ReactNode {
  return (
    <>
      {typeof report?.identityArn === 'string' && (
        <Text size="xs" c="dimmed" className={classes.identity}>
          At AWS it is {report.identityArn}
        </Text>
      )}
      {error !== undefined && <Failure message={error.message} data={error.data} />}
      {report?.warnings.map((warning) => (
        <Alert key={warning} color="yellow" variant="light" p="xs" icon={<Icon name="alert" />}>
          <Text size="sm" className={classes.identity}>
            {warning}
          </Text>
        </Alert>
      ))}
    </>
  );
}

const LOOKS = {
  waiting: { icon: 'circle', word: 'waiting' },
  running: { icon: null, word: 'running' },
  passed: { icon: 'check', word: 'passed' },
  failed: { icon: 'close', word: 'failed' },
  skipped: { icon: 'circle', word: 'not tried' },
} as const;

function Step({ step }: { step: PreflightStep }): ReactNode {
  const { outcome, action, elapsedMs, error } = step;
  const { icon, word } = LOOKS[outcome];
  return (
    <li className={classes.stage} data-stage={step.stage} data-outcome={outcome}>
      <span className={classes[outcome]}>
        {icon === null ? <Loader size={16} /> : <Icon name={icon} size={16} />}
      </span>
      <div className={classes.what}>
        <Group gap={6} component="span">
          <Text span size="sm" fw={500}>
            {STAGES[step.stage]}
          </Text>
          {action !== step.stage && <Code className={classes.action}>{action}</Code>}
          <Text span size="xs" c="dimmed">
            {outcome === 'passed' ? `${Math.round(elapsedMs).toLocaleString('en')} ms` : word}
          </Text>
        </Group>
        {error !== undefined && <Failure message={error.message} data={error.data} />}
      </div>
    </li>
  );
}

type Data = NonNullable<NonNullable<PreflightStep['error']>['data']>;

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
