// Changes where a secret may be used.
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretMetadata } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { ScopePreview } from '../scope-editor/scope-preview.tsx';
import {
  isScopeComplete,
  scopeDraftOf,
  scopeInputOf,
  UsageScopeEditor,
} from '../scope-editor/usage-scope-editor.tsx';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import { CHANGES_OF_A_SECRET } from './forgets.ts';

type Props = { secret: Pick<SecretMetadata, 'id' | 'name' | 'scope'>; onClose: () => void };

export function ScopeDialog({ secret, onClose }: Props): ReactNode {
  const [draft, setDraft] = useState(() => scopeDraftOf(secret.scope));
  const [wasSent, setSent] = useState(false);
  const change = useAction(async (client) => client.edit(secret.id, { scope: scopeInputOf(draft) }), {
    forgets: CHANGES_OF_A_SECRET,
  });
  const submit = (): void => {
    setSent(true);
    if (!isScopeComplete(draft)) return;
    change.mutate(undefined, {
      onSuccess: () => {
        notify.done(`The usage scope of “${secret.name}” is changed`);
        onClose();
      },
    });
  };
  return (
    <FormDialog
      title={`Usage scope of ${secret.name}`}
      submitLabel="Change scope"
      onSubmit={submit}
      onClose={onClose}
      isPending={change.isPending}
      error={change.error}
      size="xl"
    >
      <UsageScopeEditor value={draft} onChange={setDraft} shown={secret.scope} showComplaints={wasSent} />
      <ScopePreview secret={secret.id} scope={scopeInputOf(draft)} isComplete={isScopeComplete(draft)} />
    </FormDialog>
  );
}
