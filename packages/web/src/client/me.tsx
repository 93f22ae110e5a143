// Who is signed in. The shell waits for it, so that pages below can take it for granted.
import { createContext, use } from 'react';
import type { ReactNode } from 'react';
import type { AccountPermission, ApplicationAction } from '@sallyport/core';
import type { WhoAmI } from '@sallyport/protocol';
import { may, maySomewhere } from './permissions.ts';

const MeContext = createContext<WhoAmI | null>(null);

export function MeProvider({ me, children }: { me: WhoAmI; children: ReactNode }): ReactNode {
  return <MeContext value={me}>{children}</MeContext>;
}

/** The signed-in person. Only below the shell. */
export function useMe(): WhoAmI {
  const me = use(MeContext);
  if (me === null) throw new Error('nobody is signed in here');
  return me;
}

/** Shows its children to whoever has the permission, or may do the action somewhere. */
export function Allowed(
  props: { children: ReactNode } & ({ permission: AccountPermission } | { action: ApplicationAction }),
): ReactNode {
  const me = useMe();
  const isAllowed = 'permission' in props ? may(me, props.permission) : maySomewhere(me, props.action);
  return isAllowed ? props.children : null;
}
