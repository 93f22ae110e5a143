// What stops a page when a delegate shows another identity than the one this browser knows: who, known as what, offered as what, and what
// that can mean. Going on takes a person who has compared the fingerprints.
import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ErrorData } from '@sallyport/sdk/browser';
import { useClient, useKnownDelegates } from '../client/client-context.tsx';
import { Fingerprint } from './fingerprint.tsx';
import { notify } from './notify.tsx';

type Props = {
  data: ErrorData;
  /** Told when the new identity is trusted from now on. */
  onTrusted: (() => void) | undefined;
};

export function DelegateKeyChanged({ data, onTrusted }: Props): ReactNode {
  const client = useClient();
  const knownDelegates = useKnownDelegates();
  const [hasCompared, setCompared] = useState(false);
  const [isTrusted, setTrusted] = useState(false);
  const name = data.delegate ?? '';
  const known = textsIn(data['knownFingerprints']);
  const [offered = ''] = textsIn([data['offeredFingerprint']]);
  if (name === '' || offered === '') return null;
  const trust = (): void => {
    knownDelegates.replace({ server: client.address, name, fingerprint: offered }).then(
      () => {
        setTrusted(true);
        notify.done(`Delegate “${name}” is known by its new fingerprint.`);
        onTrusted?.();
      },
      (error: unknown) => notify.failure(error),
    );
  };
  return (
    <Stack gap="sm">
      <Text size="sm">
        Somebody who controls the server could offer a key of their own in the delegate’s place, and would
        then read what you type. So nothing was sealed, and nothing was sent.
      </Text>
      <div>
        <Text size="sm" fw={600}>
          Known
        </Text>
        {known.map((fingerprint) => (
          <Fingerprint key={fingerprint} value={fingerprint} />
        ))}
        <Text size="sm" fw={600} mt="xs">
          Offered now
        </Text>
        <Fingerprint value={offered} />
      </div>
      <Checkbox
        label="I have compared the fingerprint offered now with the one in the delegate’s own log, and it is the same."
        checked={hasCompared}
        onChange={(event) => setCompared(event.currentTarget.checked)}
      />
      <Group>
        <Button color="red" size="compact-sm" disabled={!hasCompared || isTrusted} onClick={trust}>
          Trust the new fingerprint
        </Button>
      </Group>
    </Stack>
  );
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
