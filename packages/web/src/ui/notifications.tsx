// Where short messages appear. The part that shows them is loaded with the first one.
import { useNotifications } from '@mantine/notifications';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';

const Host = lazy(async () => ({ default: (await import('./notifications-host.tsx')).NotificationsHost }));

export function NotificationsCorner(): ReactNode {
  const { notifications } = useNotifications();
  const [wereAny, setWereAny] = useState(false);
  if (!wereAny && notifications.length > 0) setWereAny(true);
  return wereAny ? (
    <Suspense>
      <Host />
    </Suspense>
  ) : null;
}
