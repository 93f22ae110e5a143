// How the API shows applications, environments and services.
import type { ApplicationView, EnvironmentView, ServiceView } from '@sallyport/protocol';
import type { ApplicationRow, EnvironmentRow, ServiceRow } from './application-store.ts';
import type { VisiblePlaces } from './visible-places.ts';

/** @param services those of this application among others, by name */
export function viewApplication(
  row: ApplicationRow,
  services: readonly ServiceRow[],
  places: VisiblePlaces,
): ApplicationView {
  const { id, name, createdAtMs } = row;
  return {
    id,
    name,
    createdAtMs,
    environments: places.catalogue
      .environmentsOf(id)
      .filter((environment) => places.seesEnvironment(environment.id))
      .map(viewEnvironment),
    services: services.filter(({ applicationId }) => applicationId === id).map(viewService),
  };
}

export function viewEnvironment(row: EnvironmentRow): EnvironmentView {
  const { id, applicationId, name, type, createdAtMs } = row;
  return { id, applicationId, name, type, createdAtMs };
}

export function viewService({ id, applicationId, name, createdAtMs }: ServiceRow): ServiceView {
  return { id, applicationId, name, createdAtMs };
}
