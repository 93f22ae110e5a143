// All applications and environments of the account as they are at one moment, deleted ones included: what decisions about scopes and
// grants look environments up in.
import { isId, nameKey } from '@sallyport/core';
import type {
  ApplicationId,
  Catalogue,
  EnvironmentFacts,
  EnvironmentId,
  KnownPlaces,
  Place,
} from '@sallyport/core';
import type { Tables } from '../storage/store.ts';
import type { ApplicationRow, EnvironmentRow } from './application-store.ts';

/** A place that exists, with the names of its parts. */
export type FoundPlace = Place & {
  application: { id: ApplicationId; name: string };
  environment: { id: EnvironmentId; name: string };
};

export class AccountCatalogue implements Catalogue, KnownPlaces {
  /** By name, deleted ones included. */
  readonly applications: readonly ApplicationRow[];
  /** By name, deleted ones included. */
  readonly environments: readonly EnvironmentRow[];
  readonly #applicationsById: ReadonlyMap<ApplicationId, ApplicationRow>;
  readonly #environmentsById: ReadonlyMap<EnvironmentId, EnvironmentRow>;
  /** Of what is not deleted. */
  readonly #applicationsByName: ReadonlyMap<string, ApplicationRow>;
  readonly #environmentsByApplication: ReadonlyMap<ApplicationId, readonly EnvironmentRow[]>;

  constructor(rows: { applications: readonly ApplicationRow[]; environments: readonly EnvironmentRow[] }) {
    const { applications, environments } = rows;
    const there = applications.filter((row) => row.deletedAtMs === null);
    this.applications = applications;
    this.environments = environments;
    this.#applicationsById = new Map(applications.map((row) => [row.id, row]));
    this.#environmentsById = new Map(environments.map((row) => [row.id, row]));
    this.#applicationsByName = new Map(there.map((row) => [nameKey(row.name), row]));
    this.#environmentsByApplication = Map.groupBy(
      environments.filter((row) => row.deletedAtMs === null),
      (row) => row.applicationId,
    );
  }

  /** Whether there is or was one with this id. */
  application(id: ApplicationId): boolean {
    return this.#applicationsById.has(id);
  }

  /** Also of one that is deleted; null: there never was one with this id. */
  environment(id: EnvironmentId): EnvironmentFacts | null {
    const row = this.#environmentsById.get(id);
    return row === undefined ? null : { applicationId: row.applicationId, type: row.type };
  }

  /** By id or name; null when it is deleted or never was. */
  findApplication(reference: string): ApplicationRow | null {
    const known = isId('application', reference)
      ? this.#applicationsById.get(reference)
      : this.#applicationsByName.get(nameKey(reference));
    return known?.deletedAtMs === null ? known : null;
  }

  /** By id or name, among those of the application; null when it is deleted or never was. */
  findEnvironment(applicationId: ApplicationId, reference: string): EnvironmentRow | null {
    const ofApplication = this.environmentsOf(applicationId);
    const key = nameKey(reference);
    const found = isId('environment', reference)
      ? ofApplication.find((row) => row.id === reference)
      : ofApplication.find((row) => nameKey(row.name) === key);
    return found ?? null;
  }

  /** Those that are not deleted, by name. */
  environmentsOf(applicationId: ApplicationId): readonly EnvironmentRow[] {
    return this.#environmentsByApplication.get(applicationId) ?? [];
  }

  /** Both by id or name; null when there is no such application, or no such environment in it. */
  findPlace(application: string, environment: string): FoundPlace | null {
    const found = this.findApplication(application);
    const row = found === null ? null : this.findEnvironment(found.id, environment);
    return found === null || row === null ? null : placeOf(found, row);
  }

  /** Every place there is, by application and environment name. */
  places(): FoundPlace[] {
    return this.applications
      .filter((application) => application.deletedAtMs === null)
      .flatMap((application) => this.environmentsOf(application.id).map((row) => placeOf(application, row)));
  }
}

function placeOf(application: ApplicationRow, environment: EnvironmentRow): FoundPlace {
  return {
    applicationId: application.id,
    environmentId: environment.id,
    environmentType: environment.type,
    application: { id: application.id, name: application.name },
    environment: { id: environment.id, name: environment.name },
  };
}

/** Those read last, by revision: a revision stands for one content for ever, even one that was never committed. */
const kept = new Map<string, AccountCatalogue>();
const KEPT_MAX = 8;

/** As it is in this transaction or snapshot: for changes, which must not decide on what was read before. */
export async function readCatalogue({ applications }: Tables): Promise<AccountCatalogue> {
  const revision = await applications.revision();
  const known = kept.get(revision);
  if (known !== undefined) return known;
  const catalogue = new AccountCatalogue({
    applications: await applications.list(),
    environments: await applications.environments.list(),
  });
  const oldest = kept.size < KEPT_MAX ? undefined : kept.keys().next().value;
  if (oldest !== undefined) kept.delete(oldest);
  kept.set(revision, catalogue);
  return catalogue;
}
