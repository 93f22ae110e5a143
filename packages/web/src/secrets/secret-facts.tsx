// What a secret is: where it may be used, what protects it, how old and large it is, and by which names it is found.
import { Button, Code, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SecretDetail } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget } from '../client/operations.ts';
import { sayScope } from '../scope-editor/say-region.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { notify } from '../ui/notify.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayBytes } from '../ui/say-time.ts';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { CHANGES_OF_A_SECRET } from './forgets.ts';
import { sayAvailability } from './say-availability.ts';

type Props = { detail: SecretDetail; mayChange: boolean };

export function SecretFacts({ detail, mayChange }: Props): ReactNode {
  const { secret, aliases } = detail;
  const { id, scope, availability, secretsManagerName, version, valueBytes, createdAtMs, updatedAtMs } =
    secret;
  return (
    <Facts>
      <Fact label="Usage scope">{sayScope(scope)}</Fact>
      <Fact label="Availability">{sayAvailability(availability)}</Fact>
      <Fact label="Secrets manager">{secretsManagerName ?? 'one that you may not see'}</Fact>
      <Fact label="Version">
        {version}, with {sayBytes(valueBytes)}
      </Fact>
      <Fact label="Written">
        <RelativeTime atMs={updatedAtMs} />
      </Fact>
      <Fact label="Created">
        <RelativeTime atMs={createdAtMs} />
      </Fact>
      {aliases.length > 0 && (
        <Fact label="Also found as">
          <Aliases detail={detail} mayChange={mayChange} />
        </Fact>
      )}
      <Fact label="Id">
        <Group gap="xs">
          <Code>{id}</Code>
          <CopyButton text={id} />
        </Group>
      </Fact>
    </Facts>
  );
}

function Aliases({ detail, mayChange }: Props): ReactNode {
  const { secret, aliases } = detail;
  const client = useClient();
  const forget = useForget();
  const confirmations = useConfirmations();
  const remove = async (alias: string): Promise<void> => {
    try {
      const outcome = await confirmations.runConfirmed({
        title: `Remove the former name “${alias}”?`,
        confirmLabel: 'Remove the name',
        danger: true,
        body: 'Whoever asks by this name will not find the secret any more.',
        run: async (confirmationToken) =>
          client.edit(secret.id, {
            removeAliases: [alias],
            ...(confirmationToken === null ? {} : { confirmationToken }),
          }),
      });
      if (outcome === CALLED_OFF) return;
      notify.done(`“${alias}” no longer finds “${secret.name}”`);
      await forget(...CHANGES_OF_A_SECRET);
    } catch (error) {
      notify.failure(error);
    }
  };
  return (
    <Group gap="xs">
      {aliases.map((alias) => (
        <Group key={alias} gap={4} wrap="nowrap">
          <Code>{alias}</Code>
          {mayChange && (
            <Button
              variant="subtle"
              size="compact-xs"
              aria-label={`Remove the former name ${alias}`}
              onClick={() => void remove(alias)}
            >
              Remove
            </Button>
          )}
        </Group>
      ))}
    </Group>
  );
}
