// An area of the web UI: a folder with pages of one matter, their routes, and what the navigation shows of it.
import type { AnyRoute } from '@tanstack/react-router';
import type { WhoAmI } from '@sallyport/protocol';
import type { IconName } from '../ui/icons.tsx';

export type NavigationItem = {
  /** Path below `#`, e.g. `/secrets`. */
  to: string;
  label: string;
  icon: IconName;
  /** Heading that it stands under; left out: under none. */
  section?: string;
  /** Second key of the shortcut `g …`. */
  key: string;
  /** Who sees it; left out: everybody. */
  isFor?: (me: WhoAmI) => boolean;
};

export type Area<R extends readonly AnyRoute[] = readonly AnyRoute[]> = {
  routes: R;
  navigation: readonly NavigationItem[];
};

/** Keeps the types of the routes, so that links are checked. */
export function area<const R extends readonly AnyRoute[]>(description: Area<R>): Area<R> {
  return description;
}
