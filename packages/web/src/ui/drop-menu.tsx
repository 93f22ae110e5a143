// A menu that drops down from a button. Inside the page’s main part, so that whoever goes from landmark to landmark finds it.
import { Menu } from '@mantine/core';
import type { MenuProps } from '@mantine/core';
import type { ReactNode } from 'react';

type Props = Pick<MenuProps, 'width'> & {
  /** The button. */
  target: ReactNode;
  /** `Menu.Item`s. */
  children: ReactNode;
};

export function DropMenu({ target, width, children }: Props): ReactNode {
  return (
    <Menu
      position="bottom-end"
      {...(width === undefined ? {} : { width })}
      withInitialFocusPlaceholder={false}
      portalProps={{ target: '#main' }}
    >
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
