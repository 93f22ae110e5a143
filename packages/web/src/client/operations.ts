// Operations of the API as hooks, typed by the route table. `useOperation` and `usePages` read metadata and keep it for a while; whatever
// changes something, or handles a value, goes through `useAction`.
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { UseInfiniteQueryResult, UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import type { CallInput, CallOutput, Client, JsonOperationId } from '@sallyport/sdk/browser';
import { useClient } from './client-context.tsx';

/** What an operation is called with; `{}` for those that take nothing. */
export type OperationInput<O extends JsonOperationId> = Omit<CallInput<O>, 'signal'>;

type ReadOptions = {
  /** Ask again after so many milliseconds, for pages that show what changes by itself. */
  everyMs?: number;
  /** False: do not ask yet. */
  enabled?: boolean;
  /** While something else is asked for, the former answer stays, as `isPlaceholderData`. */
  keepsPrevious?: boolean;
};

type LooseCall = (operation: JsonOperationId, input: object) => Promise<never>;

/** Reads one thing. The cache key begins with the operation's name; see `useForget`. */
export function useOperation<O extends JsonOperationId>(
  operation: O,
  input: OperationInput<O>,
  { everyMs, enabled = true, keepsPrevious = false }: ReadOptions = {},
): UseQueryResult<CallOutput<O>> {
  const client = useClient();
  return useQuery<CallOutput<O>>({
    queryKey: [operation, input],
    queryFn: async ({ signal }): Promise<CallOutput<O>> =>
      (client.call as LooseCall)(operation, { ...input, signal }),
    enabled,
    ...(keepsPrevious ? { placeholderData: keepPreviousData } : {}),
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  });
}

/** Operations that answer page by page. */
export type PagedOperationId = {
  [O in JsonOperationId]: CallOutput<O> extends { nextCursor: string | null } ? O : never;
}[JsonOperationId];

type Pages<O extends PagedOperationId> = { pages: CallOutput<O>[]; pageParams: unknown[] };

/** Reads a list page by page: `data.pages`, `hasNextPage`, `fetchNextPage`. The input's query is without `cursor`. */
export function usePages<O extends PagedOperationId>(
  operation: O,
  input: OperationInput<O>,
  { everyMs, enabled = true }: ReadOptions = {},
): UseInfiniteQueryResult<Pages<O>> {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: [operation, input],
    queryFn: async ({ signal, pageParam }): Promise<CallOutput<O>> => {
      const { query } = input as { query?: object };
      const cursor = pageParam === null ? {} : { cursor: pageParam };
      return (client.call as LooseCall)(operation, { ...input, query: { ...query, ...cursor }, signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page as { nextCursor: string | null }).nextCursor,
    enabled,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  });
}

/**
 * Does something by the client: `action.mutate(input)`, `action.mutateAsync(input)`, `action.error`, `action.isPending`.
 * @param forgets operations whose answers are read anew afterwards
 */
export function useAction<I = void, R = unknown>(
  run: (client: Client, input: I) => Promise<R>,
  { forgets = [] }: { forgets?: readonly JsonOperationId[] } = {},
): UseMutationResult<R, Error, I> {
  const client = useClient();
  const forget = useForget();
  return useMutation({
    mutationFn: async (input: I) => run(client, input),
    onSuccess: async () => forget(...forgets),
  });
}

/** Has the answers of these operations read anew wherever they are shown. */
export function useForget(): (...operations: readonly JsonOperationId[]) => Promise<void> {
  const queryClient = useQueryClient();
  return async (...operations) => {
    await Promise.all(operations.map(async (name) => queryClient.invalidateQueries({ queryKey: [name] })));
  };
}
