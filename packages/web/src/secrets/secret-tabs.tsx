// The two kinds of secrets as tabs, each with an address of its own.
import type { ReactNode } from 'react';
import type { SecretKind } from '@sallyport/core';
import { PlainLink } from '../ui/page-link.tsx';
import classes from './tabs.module.css';

const TABS = [
  { kind: 'text', to: '/secrets/text', label: 'Encrypted Text' },
  { kind: 'file', to: '/secrets/files', label: 'Encrypted Files' },
] as const;

export function SecretTabs({ current }: { current: SecretKind }): ReactNode {
  return (
    <nav className={classes.tabs} aria-label="Kinds of secrets">
      {TABS.map(({ kind, to, label }) => (
        <PlainLink
          key={kind}
          to={to}
          className={kind === current ? `${classes.tab} ${classes.current}` : classes.tab}
          aria-current={kind === current ? 'page' : undefined}
        >
          {label}
        </PlainLink>
      ))}
    </nav>
  );
}
