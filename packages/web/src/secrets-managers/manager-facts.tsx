// The settings of a secrets manager for people who may see but not change it.
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { sayRegion } from '../scope-editor/say-region.ts';
import { Fact, Facts } from '../ui/facts.tsx';
import { Panel } from '../ui/page.tsx';

const CREDENTIALS = {
  'iam-role': 'Assume IAM Role on Delegate',
  'access-keys': 'Enter AWS Access Keys Manually',
  'sts-role': 'Assume Role Using STS on Delegate',
} as const;

export function ManagerFacts({ manager }: { manager: SecretsManagerView }): ReactNode {
  const { selectors, usageScope, secretCount } = manager;
  return (
    <Panel>
      <Facts>
        {awsFacts(manager).map(([label, value]) => (
          <Fact key={label} label={label}>
            {value}
          </Fact>
        ))}
        <Fact label="Delegate Selector">{selectors.join(', ') || 'Any delegate'}</Fact>
        <Fact label="Usage Scope">{sayRegion(usageScope)}</Fact>
        <Fact label="Secrets">{secretCount.toLocaleString('en')}</Fact>
      </Facts>
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
