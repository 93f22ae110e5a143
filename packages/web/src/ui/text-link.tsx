// A link to a page of the web UI, in the look of a link; its address is checked by the router's types.
import { Anchor } from '@mantine/core';
import type { AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';

type Props = AnchorProps & Omit<ComponentProps<'a'>, keyof AnchorProps>;

function TextAnchor(props: Props): ReactNode {
  return <Anchor size="sm" {...props} />;
}

export const TextLink = createLink(TextAnchor);
