// The navigation: the areas that the signed-in person has something to do with, under their headings. `g` and a letter lead there too.
import { useLocation, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMe } from '../client/me.tsx';
import { Icon } from '../ui/icons.tsx';
import { PlainLink } from '../ui/page-link.tsx';
import { useShortcut } from '../ui/use-shortcuts.tsx';
import type { NavigationItem } from './area.ts';
import { NAVIGATION } from './areas.ts';
import classes from './navigation.module.css';

/** @param props.onFollow told when a link is followed */
export function Navigation({ onFollow }: { onFollow?: () => void }): ReactNode {
  const me = useMe();
  const current = useLocation({ select: ({ pathname }) => pathname });
  const items = NAVIGATION.filter(({ isFor }) => isFor?.(me) ?? true);
  const sections = new Map<string, NavigationItem[]>();
  for (const item of items) {
    const section = item.section ?? '';
    sections.set(section, [...(sections.get(section) ?? []), item]);
  }
  return (
    <nav aria-label="Areas">
      {[...sections].map(([section, inSection]) => (
        <div key={section} className={classes.section}>
          {section !== '' && <p className={classes.heading}>{section}</p>}
          <ul className={classes.list}>
            {inSection.map((item) => (
              <NavigationLink
                key={item.to}
                item={item}
                isCurrent={isWithin(current, item.to)}
                onFollow={onFollow}
              />
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** Whether a path is an item's own, or of a page below it. */
function isWithin(path: string, to: string): boolean {
  return path === to || (to !== '/' && path.startsWith(`${to}/`));
}

function NavigationLink(props: {
  item: NavigationItem;
  isCurrent: boolean;
  onFollow: (() => void) | undefined;
}): ReactNode {
  const { item, isCurrent, onFollow } = props;
  const { to, label, icon, key } = item;
  const navigate = useNavigate();
  useShortcut({ keys: `g ${key}`, label: `Go to ${label}`, run: () => void navigate({ to }) });
  return (
    <li>
      <PlainLink
        to={to}
        onClick={onFollow}
        className={isCurrent ? `${classes.link} ${classes.active}` : classes.link}
        aria-current={isCurrent ? 'page' : undefined}
      >
        <Icon name={icon} />
        {label}
      </PlainLink>
    </li>
  );
}
