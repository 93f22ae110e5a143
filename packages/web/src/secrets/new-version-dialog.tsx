// Stores a new version of a secret: another text, or another file. Older versions stay.
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretMetadata } from '@sallyport/protocol';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import { FileField, judgeFile } from './file-field.tsx';
import { ManagerSelect } from './manager-select.tsx';
import { UploadProgress } from './upload-progress.tsx';
import { useStoreValue } from './use-store-value.ts';
import type { SecretSurroundings } from './use-surroundings.ts';
import { judgeValue, ValueField } from './value-field.tsx';

type Props = {
  secret: Pick<SecretMetadata, 'id' | 'name' | 'kind' | 'version' | 'secretsManagerId'>;
  around: SecretSurroundings;
  onClose: () => void;
};

export function NewVersionDialog({ secret, around, onClose }: Props): ReactNode {
  const { id, name, kind, version, secretsManagerId } = secret;
  const isManagerSeen = around.managers.some((manager) => manager.id === secretsManagerId);
  const [manager, setManager] = useState<string | null>(isManagerSeen ? secretsManagerId : null);
  const [file, setFile] = useState<File | null>(null);
  const [complaint, setComplaint] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const { store, sealedBytes, sent, stop, wasStopped } = useStoreValue(
    kind === 'text' ? { kind, field } : { kind, file },
  );
  const submit = (): void => {
    const found = kind === 'text' ? judgeValue(field.current?.value ?? '') : judgeFile(file);
    setComplaint(found);
    if (found !== null) return;
    const moves = manager !== null && manager !== secretsManagerId;
    // Only on top of what was on the page: whoever was faster must not be written over unseen.
    const options = { expectedVersion: version, ...(moves ? { secretsManager: manager } : {}) };
    store.mutate(
      { reference: id, options },
      {
        onSuccess: (written) => {
          notify.done(`Version ${written.version} of “${name}” is stored`);
          onClose();
        },
      },
    );
  };
  return (
    <FormDialog
      title={`New version of ${name}`}
      submitLabel={kind === 'text' ? 'Seal and store' : 'Seal and upload'}
      onSubmit={submit}
      onClose={onClose}
      isPending={store.isPending}
      error={wasStopped ? null : store.error}
      size="lg"
    >
      {kind === 'text' ? (
        <ValueField field={field} error={complaint} onInput={() => setComplaint(null)} autoFocus />
      ) : (
        <FileField
          file={file}
          error={complaint}
          onChange={(chosen) => {
            setFile(chosen);
            setComplaint(null);
          }}
        />
      )}
      {isManagerSeen && (
        <ManagerSelect
          managers={around.managers}
          value={manager}
          onChange={setManager}
          description="Another one protects this version and those after it."
        />
      )}
      {store.isPending && file !== null && (
        <UploadProgress fileBytes={file.size} sealedBytes={sealedBytes} sent={sent} onStop={stop} />
      )}
    </FormDialog>
  );
}
