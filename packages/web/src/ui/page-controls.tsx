// Below a list that is shown page by page: which page it is, and the ways to its neighbours. Nothing where all of it is on one page.
import { Button, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';
import type { CursorPages } from './use-cursor-pages.ts';

type Props = {
  /** What is on the pages, e.g. `secrets`. */
  of: string;
  pages: Pick<
    CursorPages<unknown>,
    'pageNumber' | 'hasNext' | 'hasPrevious' | 'isMoving' | 'next' | 'previous'
  >;
};

export function PageControls({ of, pages }: Props): ReactNode {
  const { pageNumber, hasNext, hasPrevious, isMoving, next, previous } = pages;
  if (pageNumber === 1 && !hasNext && !isMoving) return null;
  return (
    <nav aria-label={`Pages of ${of}`}>
      <Group justify="center" gap="sm">
        <Button
          variant="default"
          size="compact-md"
          leftSection={<Icon name="chevronLeft" size={14} />}
          disabled={!hasPrevious}
          onClick={previous}
        >
          Previous
        </Button>
        <Text size="sm" aria-live="polite">
          Page {pageNumber}
        </Text>
        <Button
          variant="default"
          size="compact-md"
          rightSection={<Icon name="chevronRight" size={14} />}
          disabled={!hasNext}
          onClick={next}
        >
          Next
        </Button>
      </Group>
    </nav>
  );
}
