// The second factor: set up, new recovery codes, turn off.
import { Badge, Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { MyProfile } from '@sallyport/protocol';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { sayCount } from '../ui/say-time.ts';
import { ProveDialog } from './prove-dialog.tsx';
import { RecoveryCodesShown } from './recovery-codes-shown.tsx';
import { SetUpSecondFactor } from './set-up-second-factor.tsx';

type Doing = 'set-up' | 'renew' | 'turn-off' | null;
/** With fewer left it is time for new ones. */
const FEW_CODES = 3;

export function SecondFactorPanel({ profile }: { profile: MyProfile }): ReactNode {
  const [doing, setDoing] = useState<Doing>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const stop = (): void => setDoing(null);
  const show = (recoveryCodes: readonly string[]): void => {
    setDoing(null);
    setCodes(recoveryCodes);
  };
  const { secondFactor, hasPassword } = profile;
  return (
    <Panel title="Second factor">
      <SecondFactorState profile={profile} onDo={setDoing} />
      {doing === 'set-up' && <SetUpSecondFactor onDone={show} onClose={stop} />}
      {doing === 'renew' && (
        <ProveDialog
          title="New recovery codes"
          submitLabel="Make new codes"
          meaning="All codes that you have stop working."
          hasPassword={hasPassword}
          run={async (client, proof) => client.call('renewRecoveryCodes', { body: proof })}
          onDone={({ recoveryCodes }) => show(recoveryCodes)}
          onClose={stop}
        />
      )}
      {doing === 'turn-off' && secondFactor !== null && (
        <ProveDialog
          title="Turn the second factor off"
          submitLabel="Turn off"
          meaning="Your password alone is enough then."
          isDangerous
          hasPassword={hasPassword}
          run={async (client, proof) => client.call('disableTotp', { body: proof })}
          onDone={() => {
            notify.done('The second factor is off.');
            stop();
          }}
          onClose={stop}
        />
      )}
      {codes !== null && <RecoveryCodesShown codes={codes} onClose={() => setCodes(null)} />}
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
