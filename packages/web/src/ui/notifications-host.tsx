// Shows short messages; see notifications.tsx.
import { Notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';

export function NotificationsHost(): ReactNode {
  return <Notifications position="bottom-right" />;
}
