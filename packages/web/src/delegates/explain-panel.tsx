// “Which delegates would run this, and why not the others?”, for the work of a secrets manager.
import { NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { DelegateExplanations } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { Icon } from '../ui/icons.tsx';
import { Panel } from '../ui/page.tsx';
import { Loaded } from '../ui/states.tsx';
import classes from './delegates-page.module.css';

const EVERY_MS = 5000;

export function ExplainPanel(): ReactNode {
  const managers = useOperation('listSecretsManagers', {});
  const [chosen, setChosen] = useState<string | null>(null);
  const all = managers.data?.secretsManagers ?? [];
  // The default one stands first.
  const secretsManager = chosen ?? all[0]?.id ?? null;
  const explained = useOperation(
    'explainDelegates',
    { body: { secretsManager } },
    { everyMs: EVERY_MS, enabled: secretsManager !== null },
  );
  return (
    <Panel title="Which delegates would run this, and why not the others?">
      {secretsManager === null ? (
        <Text size="sm" c="dimmed">
          {managers.error === null
            ? 'This can be answered once there is a secrets manager.'
            : 'The secrets managers could not be loaded.'}
        </Text>
      ) : (
        <Stack gap="md">
          <NativeSelect
            label="Work for the secrets manager"
            className={classes.choice}
            value={secretsManager}
            onChange={(event) => setChosen(event.currentTarget.value)}
            data={all.map(({ id, name, isDefault }) => ({
              value: id,
              label: isDefault ? `${name} (default)` : name,
            }))}
          />
          <Loaded query={explained} rows={2}>
            {(answer) => <Verdicts answer={answer} />}
          </Loaded>
        </Stack>
      )}
    </Panel>
  );
}

function Verdicts({ answer: { selectors, delegates } }: { answer: DelegateExplanations }): ReactNode {
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {selectors.length === 0 ? 'It asks for no selectors.' : `It asks for: ${selectors.join(', ')}.`}
      </Text>
      {delegates.length === 0 && <Text size="sm">There is no delegate.</Text>}
      <ul className={classes.verdicts} aria-label="Verdicts">
        {delegates.map(({ delegateId, name, eligible, reasons }) => (
          <li key={delegateId} className={classes.verdict} data-eligible={eligible}>
            <span className={classes.sign}>
              <Icon name={eligible ? 'check' : 'close'} size={16} />
            </span>
            {/* A reason is a sentence that begins with the delegate's name. */}
            <span>{eligible ? `${name} would run it.` : reasons.join(' ')}</span>
          </li>
        ))}
      </ul>
    </Stack>
  );
}
