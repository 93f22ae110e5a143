// The last test of each secrets manager in this browser session: the server keeps none, and a result that is not from now would be taken
// for one. Kept beside the server's answers, so that it goes with them when somebody signs out.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { PreflightOutcome } from '@sallyport/protocol';

export type LastTest = { atMs: number; outcome: PreflightOutcome };

/** `null`: not tested since this page was loaded. */
export function useLastTest(secretsManagerId: string): LastTest | null {
  const { data } = useQuery<LastTest | null>({
    queryKey: keyOf(secretsManagerId),
    queryFn: () => null,
    enabled: false,
    gcTime: Number.POSITIVE_INFINITY,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? null;
}

/** Notes what a test of the saved settings found out. */
export function useNoteTest(): (secretsManagerId: string, outcome: PreflightOutcome) => void {
  const queryClient = useQueryClient();
  return (secretsManagerId, outcome) => {
    const queryKey = keyOf(secretsManagerId);
    queryClient.setQueryDefaults(queryKey, { gcTime: Number.POSITIVE_INFINITY });
    queryClient.setQueryData<LastTest>(queryKey, { atMs: Date.now(), outcome });
  };
}

/** How long a delegate took for all stages, in whole milliseconds; null: it did not report. */
export function latencyMs({ report }: PreflightOutcome['delegates'][number]): number | null {
  return report === null
    ? null
    : Math.round(report.stages.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0));
}

function keyOf(secretsManagerId: string): readonly string[] {
  return ['last-test', secretsManagerId];
}
