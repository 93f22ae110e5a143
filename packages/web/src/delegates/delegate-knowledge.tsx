// Whether this browser knows the delegate. One that shows another fingerprint than before is told apart loudly: nothing would be sealed for
// it until somebody has compared.
import { Alert, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import type { KnownDelegate } from '@sallyport/sdk/browser';
import { useClient, useKnownDelegates } from '../client/client-context.tsx';
import { DelegateKeyChanged } from '../ui/delegate-key-changed.tsx';
import { Icon } from '../ui/icons.tsx';
import classes from './delegates-page.module.css';
import { recognise } from './recognise.ts';

export function DelegateKnowledge({ name, fingerprint }: { name: string; fingerprint: string }): ReactNode {
  const client = useClient();
  const store = useKnownDelegates();
  const [, setTimesTrusted] = useState(0);
  const known = readKnown(() => store.list());
  if (typeof known === 'string') {
    return (
      <Text size="xs" c="red">
        {known}
      </Text>
    );
  }
  const recognition = recognise(known, client.address, { name, fingerprint });
  if (recognition.state !== 'changed') {
    return (
      <Text size="xs" c="dimmed" data-recognition={recognition.state}>
        {recognition.state === 'known' ? 'Known in this browser' : 'Not met by this browser yet'}
      </Text>
    );
  }
  const { knownFingerprints } = recognition;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<Icon name="alert" />}
      title="This browser knows another fingerprint under this name"
      className={classes.wide}
      data-recognition="changed"
    >
      <DelegateKeyChanged
        data={{ delegate: name, knownFingerprints, offeredFingerprint: fingerprint }}
        onTrusted={() => setTimesTrusted((times) => times + 1)}
      />
    </Alert>
  );
}

/** What is known, or why that cannot be told. */
function readKnown(read: () => readonly KnownDelegate[]): readonly KnownDelegate[] | string {
  try {
    return read();
  } catch (error) {
    if (isAppError(error)) return error.publicMessage;
    throw error;
  }
}
