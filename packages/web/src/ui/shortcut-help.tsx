// The list of all keys that do something on the page.
import { Kbd, Table } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import type { Shortcuts } from './shortcuts.ts';

export function ShortcutHelp({
  onClose,
  shortcuts,
}: {
  onClose: () => void;
  shortcuts: Shortcuts;
}): ReactNode {
  const all = useSyncExternalStore(shortcuts.subscribe, shortcuts.list);
  const shown = [...new Map(all.map((shortcut) => [shortcut.keys, shortcut])).values()];
  return (
    <Dialog opened onClose={onClose} title="Keyboard">
      <Table withRowBorders={false}>
        <Table.Tbody>
          {shown.map(({ keys, label }) => (
            <Table.Tr key={keys}>
              <Table.Td>
                {keys.split(' ').map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{label}</Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Td>
              <Kbd>Esc</Kbd>
            </Table.Td>
            <Table.Td>Close what is open</Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Dialog>
  );
}
