// The applications and environments that can be chosen: those that match what is typed, by the server's search, and those that are chosen
// already, by their ids. Names of what the server showed before are kept, since it may be deleted by now.
import { useQueries } from '@tanstack/react-query';
import type { ApplicationView, RegionView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useOperation } from '../client/operations.ts';
import { sayApplication, sayEnvironment } from './say-region.ts';

export type PlaceOption = { value: string; label: string };

export type Places = {
  /** Applications to choose from, with those that are chosen. */
  applications: PlaceOption[];
  /** Environments of the applications that are chosen, with those that are chosen themselves. */
  environments: PlaceOption[];
  /** `null`: not known. */
  applicationOf: (environmentId: string) => string | null;
  isLoading: boolean;
  error: Error | null;
};

const AT_ONCE = 100;

type Asked = {
  /** What is typed to find applications. */
  search: string;
  applicationIds: readonly string[];
  environmentIds: readonly string[];
  /** Rows as the server showed them, for names. */
  shown: RegionView;
};

export function usePlaces({ search, applicationIds, environmentIds, shown }: Asked): Places {
  const client = useClient();
  const found = useOperation('listApplications', {
    query: { limit: AT_ONCE, ...(search === '' ? {} : { search }) },
  });
  const listed = found.data?.applications ?? [];
  const missing = applicationIds.filter((id) => !listed.some((application) => application.id === id));
  const asked = useQueries({
    queries: missing.map((application) => ({
      queryKey: ['getApplication', { params: { application } }],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        client.call('getApplication', { params: { application }, signal }),
      // One that is deleted, or not to be seen, has its name from what was shown, or none.
      retry: false,
      enabled: found.data !== undefined,
    })),
  });
  const known = [...listed, ...asked.flatMap(({ data }) => (data === undefined ? [] : [data]))];
  return {
    applications: withChosen(
      known.map(({ id, name }) => ({ value: id, label: name })),
      { chosen: applicationIds, names: applicationNames(shown), unknown: 'an application that is not there' },
    ),
    environments: withChosen(environmentOptions(known, applicationIds), {
      chosen: environmentIds,
      names: environmentNames(shown),
      unknown: 'an environment that is not there',
    }),
    applicationOf: (id) =>
      known.find(({ environments }) => environments.some((environment) => environment.id === id))?.id ?? null,
    isLoading: found.isLoading || asked.some(({ isLoading }) => isLoading),
    error: found.error,
  };
}

function environmentOptions(
  known: readonly ApplicationView[],
  applicationIds: readonly string[],
): PlaceOption[] {
  return known
    .filter(({ id }) => applicationIds.includes(id))
    .flatMap(({ name, environments }) =>
      environments.map((environment) => ({ value: environment.id, label: `${name} / ${environment.name}` })),
    );
}

/** Adds what is chosen and not among the options, by the name that it had. */
function withChosen(
  options: PlaceOption[],
  of: { chosen: readonly string[]; names: ReadonlyMap<string, string>; unknown: string },
): PlaceOption[] {
  const listed = new Set(options.map(({ value }) => value));
  const others = of.chosen
    .filter((id) => !listed.has(id))
    .map((value) => ({ value, label: of.names.get(value) ?? of.unknown }));
  return [...options, ...others];
}

function applicationNames(shown: RegionView): Map<string, string> {
  return new Map(
    shown.flatMap(({ applications }) =>
      applications === 'all'
        ? []
        : applications.map((mention) => [mention.id, sayApplication(mention)] as const),
    ),
  );
}

function environmentNames(shown: RegionView): Map<string, string> {
  return new Map(
    shown.flatMap(({ environments }) =>
      typeof environments === 'string'
        ? []
        : environments.map((mention) => [mention.id, sayEnvironment(mention)] as const),
    ),
  );
}
