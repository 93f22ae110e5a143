// An environment by name, with its type to be seen: production stands out.
import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';
import type { EnvironmentView } from '@sallyport/protocol';

export function EnvironmentBadge({
  environment,
}: {
  environment: Pick<EnvironmentView, 'name' | 'type'>;
}): ReactNode {
  const { name, type } = environment;
  return (
    <Badge
      variant="light"
      color={type === 'production' ? 'orange' : 'gray'}
      tt="none"
      fw={500}
      title={type === 'production' ? 'Production' : 'Non-production'}
    >
      {name}
    </Badge>
  );
}
