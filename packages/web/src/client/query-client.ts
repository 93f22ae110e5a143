// What is kept of the server's answers, and for how long. Metadata only: values are read by components that need them, into their own
// state, and what is shown once is the result of an action, of which nothing is kept.
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { isAppError } from '@sallyport/sdk/browser';

const FRESH_MS = 5000;
const KEPT_MS = 60_000;
const MOST_RETRIES = 2;

export function createQueryClient(options: { onUnauthenticated: () => void }): QueryClient {
  const onError = (error: unknown): void => {
    if (isAppError(error, 'unauthenticated')) options.onUnauthenticated();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        gcTime: KEPT_MS,
        networkMode: 'always',
        retry: (failures, error) => failures < MOST_RETRIES && isAppError(error) && error.retryable,
      },
      // The result of an action may be shown once, such as a new key: it goes with the component that asked.
      mutations: { gcTime: 0, networkMode: 'always' },
    },
  });
}
