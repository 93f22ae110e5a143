// A link to a page of the web UI, in the look of a button; its address is checked by the router's types.
import { Button } from '@mantine/core';
import type { ButtonProps } from '@mantine/core';
import type { ComponentProps, ReactNode } from 'react';
import { pageLink } from './page-link.tsx';

type Props = ButtonProps & Omit<ComponentProps<'a'>, keyof ButtonProps>;

function AnchorButton(props: Props): ReactNode {
  return <Button component="a" {...props} />;
}

export const LinkButton = pageLink(AnchorButton);
