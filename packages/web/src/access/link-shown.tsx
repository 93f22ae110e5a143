// A one-time link for a user, shown this once, to be handed over by a way that reaches the right person.
import type { ReactNode } from 'react';
import type { CreatedLink, UserView } from '@sallyport/protocol';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';

type Props = {
  created: Omit<CreatedLink, 'user'> & { user: Pick<UserView, 'name'> };
  onClose: () => void;
};

export function LinkShown({ created, onClose }: Props): ReactNode {
  const { user, link, expiresAtMs } = created;
  return (
    <ShownOnce title={`A link for ${user.name}`} label="One-time link" value={link} onClose={onClose}>
      Hand it to {user.name}, and to nobody else, by a way that reaches the right person: Sallyport sends no
      mail. Whoever opens it sets the password. It works once and ends <RelativeTime atMs={expiresAtMs} />.
    </ShownOnce>
  );
}
