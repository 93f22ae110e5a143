// Looks at the value of one version of a text.
import type { ReactNode } from 'react';
import type { SecretMetadata } from '@sallyport/protocol';
import { Dialog } from '../ui/dialog.tsx';
import { ValueBox } from './value-box.tsx';

type Props = { secret: Pick<SecretMetadata, 'id' | 'name'>; version: number; onClose: () => void };

export function VersionDialog({ secret: { id, name }, version, onClose }: Props): ReactNode {
  return (
    <Dialog opened onClose={onClose} title={`Version ${version} of ${name}`} size="lg">
      <ValueBox reference={`${id}@${version}`} name={`${name}, version ${version}`} />
    </Dialog>
  );
}
