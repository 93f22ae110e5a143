// The navigation on narrow screens: over the page, from the side.
import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import { Navigation } from './navigation.tsx';

export function NavigationDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactNode {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      // Beside the page, its header would count as a second banner of it.
      attributes={{ header: { role: 'presentation' } }}
      size={280}
      title="Sallyport"
      closeButtonProps={{ 'aria-label': 'Close navigation' }}
    >
      <Navigation onFollow={onClose} />
    </Drawer>
  );
}
