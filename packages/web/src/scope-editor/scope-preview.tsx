// Answers “who and what could use this?” for a usage scope that is about to be saved, asked of the server as it is typed.
import { Alert, Badge, Button, List, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import type { ScopeExplanation, UsageScopeInput } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { Icon } from '../ui/icons.tsx';
import { sayCount } from '../ui/say-time.ts';
import { Loaded } from '../ui/states.tsx';
import classes from './scope-preview.module.css';

const REST_MS = 300;
const PLACES_SHOWN = 12;

type Props = {
  scope: UsageScopeInput;
  /** False while rows are unfinished: there is nothing to ask yet. */
  isComplete: boolean;
  /** The secrets manager that a secret of this scope would be under: name or id; null: the default one. */
  secretsManager?: string | null;
  /** The secret that the scope is for, when there is one already. */
  secret?: string | null;
  /** Of what the scope is; what the server says of secrets only is left out for a secrets manager. */
  of?: 'secret' | 'secrets-manager';
};

export function ScopePreview({ of = 'secret', ...asked }: Props): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <div className={classes.preview}>
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<Icon name={isOpen ? 'chevronDown' : 'chevronRight'} size={14} />}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        Who and what could use this?
      </Button>
      <div id={id} className={isOpen ? classes.answer : undefined}>
        {isOpen && <Answer {...asked} of={of} />}
      </div>
    </div>
  );
}

function Answer({
  scope,
  isComplete,
  secretsManager = null,
  secret = null,
  of = 'secret',
}: Props): ReactNode {
  const [rested] = useDebouncedValue(scope, REST_MS);
  const managerScope = of === 'secrets-manager' && rested.type === 'rows' ? rested.rows : null;
  const query = useOperation(
    'explainScope',
    { body: managerScope === null ? { scope: rested, secretsManager, secret } : { managerScope } },
    { enabled: isComplete },
  );
  if (!isComplete) {
    return (
      <Text size="sm" c="dimmed">
        Finish the rows above first.
      </Text>
    );
  }
  return (
    <Loaded query={query} rows={2}>
      {(explanation) => <Explanation explanation={explanation} of={of} />}
    </Loaded>
  );
}

function Explanation({
  explanation,
  of,
}: {
  explanation: ScopeExplanation;
  of: 'secret' | 'secrets-manager';
}): ReactNode {
  const { places, placeCount, coversFuture, groups, warnings } = explanation;
  const shown = places.slice(0, PLACES_SHOWN);
  return (
    <Stack gap="sm">
      {of === 'secret' &&
        warnings.map((warning) => (
          <Alert key={warning} color="yellow" variant="light" icon={<Icon name="alert" />} p="xs">
            {warning}
          </Alert>
        ))}
      <div>
        <Text size="sm" fw={600}>
          {placeCount === 0 ? 'No environment that exists now' : sayCount(placeCount, 'environment')}
        </Text>
        <div className={classes.places}>
          {shown.map(({ application, environment }) => (
            <Badge key={environment.id} variant="default" className={classes.place}>
              {application.name} / {environment.name}
            </Badge>
          ))}
          {placeCount > shown.length && (
            <Text size="xs" c="dimmed">
              and {placeCount - shown.length} more
            </Text>
          )}
        </div>
        {coversFuture && (
          <Text size="xs" c="dimmed" mt={4}>
            Also covers matching environments that are created later.
          </Text>
        )}
      </div>
      {groups !== null && <Groups groups={groups} />}
    </Stack>
  );
}

function Groups({ groups }: { groups: NonNullable<ScopeExplanation['groups']> }): ReactNode {
  return (
    <div>
      <Text size="sm" fw={600}>
        {groups.length === 0 ? 'No user group may use it' : sayCount(groups.length, 'user group')}
      </Text>
      {groups.length > 0 && (
        <List size="sm" spacing={2} listStyleType="none" withPadding={false}>
          {groups.map(({ id, name, users, apiKeys, placeCount }) => (
            <List.Item key={id}>
              {name}{' '}
              <Text span size="xs" c="dimmed">
                {sayCount(users, 'user')}, {sayCount(apiKeys, 'API key')}, in{' '}
                {sayCount(placeCount, 'environment')}
              </Text>
            </List.Item>
          ))}
        </List>
      )}
    </div>
  );
}
