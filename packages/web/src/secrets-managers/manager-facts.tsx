// The settings of a secrets manager for people who may see but not change it.
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { sayRegion } from '../scope-editor/say-region.ts';
import { Panel } from '../ui/page.tsx';
import classes from './manager-facts.module.css';

const CREDENTIALS = {
  'iam-role': 'Assume IAM Role on Delegate',
  'access-keys': 'Enter AWS Access Keys Manually',
  'sts-role': 'Assume Role Using STS on Delegate',
} as const;

export function ManagerFacts({ manager }: { manager: SecretsManagerView }): ReactNode {
  const { selectors, usageScope, secretCount } = manager;
  return (
    <Panel>
      <dl className={classes.facts}>
        {awsFacts(manager).map(([label, value]) => (
          <Fact key={label} label={label} value={value} />
        ))}
        <Fact label="Delegate Selector" value={selectors.join(', ') || 'Any delegate'} />
        <Fact label="Usage Scope" value={sayRegion(usageScope)} />
        <Fact label="Secrets" value={secretCount.toLocaleString('en')} />
      </dl>
    </Panel>
  );
}

function awsFacts(manager: SecretsManagerView): [string, string][] {
  if (manager.kind !== 'aws-kms') return [];
  return [
    ['Credentials Type', CREDENTIALS[manager.credentials.type]],
    ['Key ARN', manager.keyArn],
    ['Region', manager.region],
  ];
}

function Fact({ label, value }: { label: string; value: string }): ReactNode {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
