// Changes for how long delegates may serve a secret without the server.
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Availability, SecretMetadata } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import { availabilityDraftOf, availabilityOf } from './availability-draft.ts';
import { AvailabilityField } from './availability-field.tsx';
import { CHANGES_OF_A_SECRET } from './forgets.ts';

type Props = { secret: Pick<SecretMetadata, 'id' | 'name' | 'availability'>; onClose: () => void };

export function AvailabilityDialog({ secret, onClose }: Props): ReactNode {
  const [draft, setDraft] = useState(() => availabilityDraftOf(secret.availability));
  const [wasSent, setSent] = useState(false);
  const change = useAction(
    async (client, availability: Availability) => client.edit(secret.id, { availability }),
    { forgets: CHANGES_OF_A_SECRET },
  );
  const submit = (): void => {
    setSent(true);
    const availability = availabilityOf(draft);
    if (availability === null) return;
    change.mutate(availability, {
      onSuccess: () => {
        notify.done(`The availability of “${secret.name}” is changed`);
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title={`Availability of ${secret.name}`}
      submitLabel="Change availability"
      onSubmit={submit}
      onClose={onClose}
      isPending={change.isPending}
      error={change.error}
      size="lg"
    >
      <AvailabilityField value={draft} onChange={setDraft} showComplaints={wasSent} />
    </FormDialog>
  );
}
