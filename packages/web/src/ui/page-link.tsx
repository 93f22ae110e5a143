// Links to pages of the web UI. A table has hundreds of them, so they are no more than anchors: the router's own follow every change of the
// address, each by itself, which in a long list takes longer than drawing it. Addresses are checked by the router's types all the same.
import { useRouter } from '@tanstack/react-router';
import type { RegisteredRouter, ToOptions } from '@tanstack/react-router';
import { createElement } from 'react';
import type { ComponentProps, ComponentType, MouseEvent, ReactNode } from 'react';

/** Rests so long on a link, and the code of its page is fetched. */
const INTENT_MS = 50;

type Way = {
  /** Takes the place of the present address in the history. */
  replace?: boolean;
  /** False: the page stays scrolled as it is. */
  resetScroll?: boolean;
};

type Place = {
  to: string;
  params?: Record<string, string>;
  search?: Record<string, unknown>;
} & Way;

type AnchorProps = Pick<ComponentProps<'a'>, 'onClick'>;

/** A component that leads to a page: the anchor's own properties, and where to. */
export type PageLink<P> = <const To extends string>(
  props: Omit<P, 'href' | keyof Place> & ToOptions<RegisteredRouter, string, To> & Way,
) => ReactNode;

/** @param Anchor what is drawn; `a`, or a component that passes what it is given on to one */
export function pageLink<P extends AnchorProps>(Anchor: ComponentType<P> | 'a'): PageLink<P> {
  function Link({
    to,
    params,
    search,
    replace,
    resetScroll,
    onClick,
    ...rest
  }: Place & AnchorProps): ReactNode {
    const router = useRouter();
    const place = { to, params, search } as object;
    const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
      onClick?.(event);
      // Everything else is the browser's: a new tab, a new window, a download.
      const isPlain =
        event.button === 0 && !event.metaKey && !event.altKey && !event.ctrlKey && !event.shiftKey;
      if (event.defaultPrevented || !isPlain) return;
      event.preventDefault();
      void router.navigate({ ...place, replace, resetScroll } as object);
    };
    const aim = (): void => aimAt(router, place);
    return createElement(
      Anchor as ComponentType<object>,
      {
        ...rest,
        href: `#${pathOf(to, params)}${router.options.stringifySearch(search ?? {})}`,
        onClick: follow,
        onMouseEnter: aim,
        onMouseLeave: aimAway,
        onFocus: aim,
        onBlur: aimAway,
      } as object,
    );
  }
  return Link as PageLink<P>;
}

/** Without a look of its own. */
export const PlainLink = pageLink<ComponentProps<'a'>>('a');

/** One is enough: a pointer is on one link at a time. */
let aimed: ReturnType<typeof setTimeout> | undefined;

/** Fetches the code of a page if somebody stays on a link to it. */
function aimAt(router: RegisteredRouter, place: object): void {
  aimAway();
  aimed = setTimeout(() => void router.preloadRoute(place as never).catch(() => undefined), INTENT_MS);
}

function aimAway(): void {
  clearTimeout(aimed);
}

function pathOf(to: string, params: Readonly<Record<string, string>> = {}): string {
  return to.replace(/\$(\w+)/g, (_whole, name: string) => encodeURIComponent(params[name] ?? ''));
}
