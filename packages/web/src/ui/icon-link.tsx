// A link to a page of the web UI, as an icon in a row.
import { ActionIcon } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';

type Props = Omit<ComponentProps<'a'>, 'children'> & {
  icon: IconName;
  /** What is behind it, for everybody who does not know the icon. */
  label: string;
};

function AnchorIcon({ icon, label, ...anchor }: Props): ReactNode {
  return (
    <ActionIcon component="a" variant="subtle" color="gray" aria-label={label} title={label} {...anchor}>
      <Icon name={icon} size={16} />
    </ActionIcon>
  );
}

export const IconLink = createLink(AnchorIcon);
