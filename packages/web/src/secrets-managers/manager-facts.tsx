// The settings of a secrets manager for people who may see but not change it.
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { sayRegion } from '../scope-editor/say-region.ts';
import { Fact, Facts } from '../ui/facts.tsx';
import { Panel } from '../ui/page.tsx';
import { sayCount } from '../ui/say-time.ts';

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
        <Fact label="Encryption Context">{sayContext(manager) || 'No pairs'}</Fact>
        <Fact label="Data-Key Cache">{sayCache(manager)}</Fact>
        <Fact label="Secrets">{secretCount.toLocaleString('en')}</Fact>
      </Facts>
    </Panel>
  );
}

function sayContext({ context }: SecretsManagerView): string {
  return Object.entries(context)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function sayCache({ dataKeyCache: { maxAgeSeconds, maxUses } }: SecretsManagerView): string {
  return maxAgeSeconds === 0
    ? 'Off'
    : `${sayCount(maxAgeSeconds, 'second')}, at most ${sayCount(maxUses, 'use')} of a key`;
}

function awsFacts(manager: SecretsManagerView): [string, string][] {
  if (manager.kind !== 'aws-kms') return [];
  return [
    ['Credentials Type', CREDENTIALS[manager.credentials.type]],
    ['Key ARN', manager.keyArn],
    ['Region', manager.region],
  ];
}
