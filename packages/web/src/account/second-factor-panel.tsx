// The second factor: set up, new recovery codes, turn off.
import { Badge, Button, Group, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { MyProfile } from '@sallyport/protocol';
import { Panel } from '../ui/page.tsx';
import { sayCount } from '../ui/say-time.ts';
import type { Doing } from './second-factor-dialogs.tsx';

const SecondFactorDialogs = lazy(async () => ({
  default: (await import('./second-factor-dialogs.tsx')).SecondFactorDialogs,
}));
/** With fewer left it is time for new ones. */
const FEW_CODES = 3;

export function SecondFactorPanel({ profile }: { profile: MyProfile }): ReactNode {
  const [doing, setDoing] = useState<Doing | null>(null);
  return (
    <Panel title="Second factor">
      <SecondFactorState profile={profile} onDo={setDoing} />
      <Suspense>
        {doing !== null && (
          <SecondFactorDialogs
            doing={doing}
            hasPassword={profile.hasPassword}
            onClose={() => setDoing(null)}
          />
        )}
      </Suspense>
    </Panel>
  );
}

type StateProps = { profile: MyProfile; onDo: (doing: Doing) => void };

function SecondFactorState({ profile, onDo }: StateProps): ReactNode {
  const { secondFactor, hasPassword } = profile;
  if (secondFactor === null) {
    return (
      <>
        <Text size="sm" c="dimmed" mb="sm" maw="72ch">
          {hasPassword
            ? 'A code from an authenticator app beside the password: who finds out your password cannot sign in with it alone.'
            : 'It belongs to signing in with a password, which you do not have: your provider asks for one if it wants to.'}
        </Text>
        {hasPassword && <Button onClick={() => onDo('set-up')}>Set up a second factor</Button>}
      </>
    );
  }
  const { recoveryCodesLeft } = secondFactor;
  return (
    <>
      <Group gap="xs" mb="sm">
        <Badge variant="light" color="teal" tt="none">
          On
        </Badge>
        <Badge variant="light" color={recoveryCodesLeft < FEW_CODES ? 'orange' : 'gray'} tt="none">
          {recoveryCodesLeft === 0 ? 'No recovery code' : sayCount(recoveryCodesLeft, 'recovery code')} left
        </Badge>
      </Group>
      <Group gap="xs">
        <Button variant="default" onClick={() => onDo('renew')}>
          New recovery codes
        </Button>
        <Button variant="default" onClick={() => onDo('turn-off')}>
          Turn off
        </Button>
      </Group>
    </>
  );
}
