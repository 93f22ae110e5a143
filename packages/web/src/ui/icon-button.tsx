// A button that is an icon. Plain, since rows of tables are full of them.
import type { ComponentProps, ReactNode } from 'react';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';
import classes from './icon-button.module.css';

type Props = Omit<ComponentProps<'button'>, 'children'> & {
  icon: IconName;
  /** What it does, for everybody who does not know the icon. */
  label: string;
  /** It is being done; another click does nothing. */
  isBusy?: boolean;
  /** Outside of tables. */
  isLarge?: boolean;
};

export function IconButton({ icon, label, isBusy = false, isLarge = false, ...button }: Props): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      disabled={isBusy}
      aria-busy={isBusy || undefined}
      {...button}
      className={lookOf(isLarge, button.className)}
    >
      <Icon name={icon} size={isLarge ? 18 : 16} />
    </button>
  );
}

/** The look, for what is no button and stands beside some. */
export function lookOf(isLarge: boolean, more = ''): string {
  return [classes.icon, isLarge && classes.large, more].filter(Boolean).join(' ');
}
