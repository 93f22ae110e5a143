// Recovery codes, shown this once.
import type { ReactNode } from 'react';
import { ShownOnce } from '../ui/shown-once.tsx';

export function RecoveryCodesShown({
  codes,
  onClose,
}: {
  codes: readonly string[];
  onClose: () => void;
}): ReactNode {
  return (
    <ShownOnce title="Recovery codes" label="Recovery codes" value={codes.join('\n')} onClose={onClose}>
      Each signs in once in place of a code of the app. Keep them where you find them without your phone, such
      as in a password manager or on paper.
    </ShownOnce>
  );
}
