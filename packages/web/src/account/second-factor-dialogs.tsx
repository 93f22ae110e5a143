// The dialogs of the second factor; loaded when the first one is opened. Codes that are shown live here only, and go with their dialog.
import { useState } from 'react';
import type { ReactNode } from 'react';
import { notify } from '../ui/notify.tsx';
import { ProveDialog } from './prove-dialog.tsx';
import { RecoveryCodesShown } from './recovery-codes-shown.tsx';
import { SetUpSecondFactor } from './set-up-second-factor.tsx';

export type Doing = 'set-up' | 'renew' | 'turn-off';
type Props = { doing: Doing; hasPassword: boolean; onClose: () => void };

export function SecondFactorDialogs({ doing, hasPassword, onClose }: Props): ReactNode {
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  if (codes !== null) return <RecoveryCodesShown codes={codes} onClose={onClose} />;
  if (doing === 'set-up') return <SetUpSecondFactor onDone={setCodes} onClose={onClose} />;
  if (doing === 'renew') {
    return (
      <ProveDialog
        title="New recovery codes"
        submitLabel="Make new codes"
        meaning="All codes that you have stop working."
        hasPassword={hasPassword}
        run={async (client, proof) => client.call('renewRecoveryCodes', { body: proof })}
        onDone={({ recoveryCodes }) => setCodes(recoveryCodes)}
        onClose={onClose}
      />
    );
  }
  return (
    <ProveDialog
      title="Turn the second factor off"
      submitLabel="Turn off"
      meaning="Your password alone is enough then."
      isDangerous
      hasPassword={hasPassword}
      run={async (client, proof) => client.call('disableTotp', { body: proof })}
      onDone={() => {
        notify.done('The second factor is off.');
        onClose();
      }}
      onClose={onClose}
    />
  );
}
