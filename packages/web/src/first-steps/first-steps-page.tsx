// The start page. It asks again every few seconds, so that a delegate that connects is seen to do so.
import { Badge, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { stepsOf } from './first-steps.ts';
import type { Step } from './first-steps.ts';
import classes from './first-steps-page.module.css';

const EVERY_MS = 3000;

const WORDS = {
  delegate: {
    title: 'A delegate is connected',
    meaning:
      'It runs inside your network, dials out, and is the only part that talks to AWS or sees a stored value.',
    add: { to: '/delegates/add', label: 'Add a delegate' },
    there: { to: '/delegates', label: 'To the delegates' },
  },
  'secrets-manager': {
    title: 'A secrets manager',
    meaning:
      'It says which key protects secrets, and how a delegate gets to that key: AWS KMS, or a built-in key ring to try things.',
    add: { to: '/secrets-managers', label: 'Add a secrets manager' },
    there: { to: '/secrets-managers', label: 'To the secrets managers' },
  },
  secret: {
    title: 'A first secret',
    meaning:
      'You type it here, this browser seals it for the delegate, and the server only ever holds ciphertext.',
    add: { to: '/secrets', label: 'Add a secret' },
    there: { to: '/secrets', label: 'To the secrets' },
  },
} as const satisfies Record<Step['name'], object>;

export function FirstStepsPage(): ReactNode {
  const live = { everyMs: EVERY_MS };
  const delegates = useOperation('listDelegates', {}, live);
  const managers = useOperation('listSecretsManagers', {}, live);
  const secrets = useOperation('listSecrets', { query: { limit: 1 } }, live);
  const steps = stepsOf({
    delegates: delegates.data?.delegates,
    secretsManagers: managers.data?.secretsManagers,
    hasSecret: secrets.data && secrets.data.secrets.length > 0,
  });
  const error = delegates.error ?? managers.error ?? secrets.error;
  const isComplete = steps.every(({ state }) => state === 'done');
  return (
    <Page
      title={isComplete ? 'Everything is in place' : 'First steps'}
      description={
        isComplete
          ? 'A delegate is connected, a key protects your secrets, and the first one is stored.'
          : 'Three things, and the first secret is in. This page notices by itself what is done.'
      }
    >
      {error !== null && <ErrorPanel error={error} />}
      <ol className={classes.steps}>
        {steps.map((step, index) => (
          <StepCard key={step.name} step={step} position={index + 1} />
        ))}
      </ol>
    </Page>
  );
}

function StepCard({ step, position }: { step: Step; position: number }): ReactNode {
  const { name, state, fact } = step;
  const { title, meaning, ...links } = WORDS[name];
  const isDone = state === 'done';
  return (
    <li className={classes.step} data-step={name} data-state={state}>
      <span className={isDone ? classes.done : classes.open}>
        {isDone ? <Icon name="check" size={20} /> : position}
      </span>
      <div className={classes.text}>
        <div className={classes.title}>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Badge color={isDone ? 'teal' : 'gray'} variant="light" className={classes.badge}>
            {isDone ? 'Done' : 'To do'}
          </Badge>
        </div>
        <Text size="sm" c="dimmed">
          {meaning}
        </Text>
        <Text size="sm" fw={500}>
          {fact}
        </Text>
        <Text size="sm">
          <TextLink to={links[isDone ? 'there' : 'add'].to}>{links[isDone ? 'there' : 'add'].label}</TextLink>
        </Text>
      </div>
    </li>
  );
}
