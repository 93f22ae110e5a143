// A link to a page of the web UI, as an icon in a row.
import type { ComponentProps, ReactNode } from 'react';
import { lookOf } from './icon-button.tsx';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';
import { pageLink } from './page-link.tsx';

type Props = Omit<ComponentProps<'a'>, 'children'> & {
  icon: IconName;
  /** What is behind it, for everybody who does not know the icon. */
  label: string;
};

function AnchorIcon({ icon, label, ...anchor }: Props): ReactNode {
  return (
    <a aria-label={label} title={label} {...anchor} className={lookOf(false)}>
      <Icon name={icon} size={16} />
    </a>
  );
}

export const IconLink = pageLink(AnchorIcon);
