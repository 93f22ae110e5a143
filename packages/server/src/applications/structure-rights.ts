// Who may do what to applications, environments and services. With the permission `manage-applications`: everything; else what grants
// allow at the place. What may not be seen is answered like what is not there; what may be seen but not changed is forbidden.
import {
  AppError,
  checkSecretName,
  isAppError,
  isId,
  may,
  mayAt,
  mayThroughout,
  nameKey,
} from '@sallyport/core';
import type { ApplicationAction, EnvironmentType, IdKind, Region } from '@sallyport/core';
import type { Principal } from '../access/principal.ts';
import type { Tables } from '../storage/store.ts';
import type { ApplicationRow, EnvironmentRow, ServiceRow } from './application-store.ts';
import type { VisiblePlaces } from './visible-places.ts';

/** What a right is asked for: something, and what may be seen by whom. */
export type RightAsked = { principal: Principal; places: VisiblePlaces };

/** @throws {not-found} */
export function requireApplication(places: VisiblePlaces, reference: string): ApplicationRow {
  const found = places.findApplication(reference);
  if (found === null) throw new AppError('not-found', { publicMessage: 'There is no such application.' });
  return found;
}

/** @throws {not-found} */
export function requireEnvironment(
  places: VisiblePlaces,
  application: ApplicationRow,
  reference: string,
): EnvironmentRow {
  const found = places.findEnvironment(application.id, reference);
  if (found === null) throw new AppError('not-found', { publicMessage: 'There is no such environment.' });
  return found;
}

/** Who sees the application sees its services. @throws {not-found} */
export async function requireService(
  { applications }: Tables,
  application: ApplicationRow,
  reference: string,
): Promise<ServiceRow> {
  const services = await applications.services.list([application.id]);
  const key = nameKey(reference);
  const found = isId('service', reference)
    ? services.find(({ id }) => id === reference)
    : services.find(({ name }) => nameKey(name) === key);
  if (found === undefined) throw new AppError('not-found', { publicMessage: 'There is no such service.' });
  return found;
}

/** Every place of the application, now and ever. */
export function throughout({ id }: ApplicationRow): Region {
  return [{ applications: [id], environments: 'all' }];
}

/** For what concerns the application as a whole. @throws {forbidden} */
export function requireStructureRight(
  { principal, places }: RightAsked,
  action: ApplicationAction,
  application: ApplicationRow,
): void {
  if (may(principal.authority, 'manage-applications')) return;
  requireThroughout({ principal, places }, action, application);
}

/** The same without the permission `manage-applications` as a substitute. @throws {forbidden} */
export function requireThroughout(
  { principal, places }: RightAsked,
  action: ApplicationAction,
  application: ApplicationRow,
): void {
  const where = { region: throughout(application), catalogue: places.catalogue };
  if (mayThroughout(principal.authority, action, where)) return;
  throw lacking(
    principal,
    action,
    `in all of the application ${application.name}, also in environments to come`,
  );
}

/** For what concerns one environment; `manage-applications` allows it. @throws {forbidden} */
export function requireEnvironmentRight(
  principal: Principal,
  action: ApplicationAction,
  environment: EnvironmentRow,
): void {
  if (may(principal.authority, 'manage-applications')) return;
  requireAt(principal, action, environment);
}

/** The same without the permission `manage-applications` as a substitute. @throws {forbidden} */
export function requireAt(
  principal: Principal,
  action: ApplicationAction,
  { id, applicationId, name, type }: EnvironmentRow,
): void {
  const place = { applicationId, environmentId: id, environmentType: type };
  if (mayAt(principal.authority, action, place)) return;
  throw lacking(principal, action, `in the environment ${name}`);
}

/** For an environment that does not exist yet. @throws {forbidden} */
export function requireNewEnvironmentRight(
  principal: Principal,
  application: ApplicationRow,
  environmentType: EnvironmentType,
): void {
  if (may(principal.authority, 'manage-applications')) return;
  // An environment that no grant can name yet: only what is allowed for all of its type counts.
  const cell = { applicationId: application.id, environmentId: null, environmentType };
  if (mayAt(principal.authority, 'create', cell)) return;
  throw lacking(
    principal,
    'create',
    `for ${environmentType} environments of the application ${application.name}`,
  );
}

function lacking(principal: Principal, action: ApplicationAction, where: string): AppError {
  return new AppError('forbidden', {
    publicMessage: `This needs the right to ${action} ${where}, which ${principal.name} does not have.`,
    data: { action },
  });
}

/** Per application; per service for config entries. Each is listed with what it belongs to, so there is an end to it. */
export const STRUCTURE_LIMITS = { environments: 256, services: 1000, configEntries: 1000 } as const;

/** @throws {invalid-request} when there are that many already */
export function requireRoom(count: number, max: number, what: string): void {
  if (count < max) return;
  throw new AppError('invalid-request', {
    publicMessage: `There are ${max} ${what} already, which is the most.`,
  });
}

const ARTICLES = {
  application: 'An application',
  environment: 'An environment',
  service: 'A service',
} as const;

/**
 * Checks a new name. It becomes a part of `sally://` references, so it has the form of a secret's name.
 * @throws {invalid-name}
 */
export function checkPartName(kind: keyof typeof ARTICLES & IdKind, name: string): string {
  if (isId(kind, name)) {
    throw new AppError('invalid-name', { publicMessage: 'A name must not look like an id.' });
  }
  try {
    return checkSecretName(name);
  } catch (thrown) {
    if (!isAppError(thrown, 'invalid-name')) throw thrown;
    throw new AppError('invalid-name', {
      publicMessage: thrown.publicMessage.replace('A secret', ARTICLES[kind]),
    });
  }
}
