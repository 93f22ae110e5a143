// Reads what the grid of an application needs, all environments side by side.
import { useInfiniteQuery } from '@tanstack/react-query';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ApplicationView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { readOn } from './grid.ts';
import type { GridPart } from './grid.ts';

const LIST_ROWS = 200;

/** The first part reads every list from its beginning; later ones, those that hold the others up. */
export function useGrid(
  application: ApplicationView,
  search: string,
): UseInfiniteQueryResult<{ pages: GridPart[]; pageParams: unknown[] }> {
  const client = useClient();
  const ids = application.environments.map(({ id }) => id);
  return useInfiniteQuery({
    // Begins with the operation's name, so that it is read anew with every other list of secrets.
    queryKey: ['listSecrets', 'grid', application.id, ids, search],
    queryFn: async ({ signal, pageParam }): Promise<GridPart> => {
      const asked = ids.filter((id) => pageParam === null || pageParam[id] !== undefined);
      const parts = await Promise.all(
        asked.map(async (environment) => {
          const cursor = pageParam?.[environment];
          const query = {
            application: application.id,
            environment,
            limit: LIST_ROWS,
            ...(search === '' ? {} : { search }),
            ...(cursor === undefined ? {} : { cursor }),
          };
          return [environment, await client.call('listSecrets', { query, signal })] as const;
        }),
      );
      return Object.fromEntries(parts);
    },
    initialPageParam: null as Readonly<Record<string, string>> | null,
    getNextPageParam: (_last, parts) => readOn(parts, ids),
  });
}
