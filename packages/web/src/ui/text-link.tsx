// A link to a page of the web UI, in the look of a link; its address is checked by the router's types.
import type { ComponentProps, ReactNode } from 'react';
import { pageLink } from './page-link.tsx';
import classes from './text-link.module.css';

type Props = ComponentProps<'a'> & {
  /** Within a sentence, where colour alone would not tell it from the words around it. */
  isInText?: boolean;
  /** The name of what a row is about. */
  isName?: boolean;
};

function TextAnchor(props: Props): ReactNode {
  const { isInText = false, isName = false, className = '', children, ...anchor } = props;
  const looks = [classes.link, isInText && classes.inText, isName && classes.name, className];
  return (
    <a className={looks.filter(Boolean).join(' ')} {...anchor}>
      {children}
    </a>
  );
}

export const TextLink = pageLink(TextAnchor);
