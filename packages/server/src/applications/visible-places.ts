// What somebody may know of the catalogue: applications and environments where they may do anything at all, or all of them with the
// right to manage applications. To everybody else they do not exist.
import { APPLICATION_ACTIONS, may, mayAt, maySomewhere } from '@sallyport/core';
import type { ApplicationId, Authority, EnvironmentId } from '@sallyport/core';
import type { ApplicationMention, EnvironmentMention } from '@sallyport/protocol';
import type { AccountCatalogue } from './account-catalogue.ts';
import type { ApplicationRow, EnvironmentRow } from './application-store.ts';

/** As core's `Asker`, with the names as well. */
export type AccountAsker = { authority: Authority; catalogue: AccountCatalogue };

/** Remembers what it has decided; make one per request, or at most per list. */
export class VisiblePlaces {
  readonly catalogue: AccountCatalogue;
  readonly #authority: Authority;
  readonly #seesAll: boolean;
  readonly #seen = new Map<ApplicationId, boolean>();
  #rows: { applications: Map<string, ApplicationRow>; environments: Map<string, EnvironmentRow> } | null =
    null;

  constructor({ authority, catalogue }: AccountAsker) {
    this.catalogue = catalogue;
    this.#authority = authority;
    this.#seesAll = may(authority, 'manage-applications');
  }

  /** Whether the application may be known, be it there or deleted. */
  seesApplication(id: ApplicationId): boolean {
    if (this.#seesAll) return true;
    const known = this.#seen.get(id);
    if (known !== undefined) return known;
    const where = {
      region: [{ applications: [id], environments: 'all' as const }],
      catalogue: this.catalogue,
    };
    const sees =
      this.#isNamed(id) && APPLICATION_ACTIONS.some((action) => maySomewhere(this.#authority, action, where));
    this.#seen.set(id, sees);
    return sees;
  }

  /** Whether any grant is for this application at all: of a long list, most are ruled out by this alone. */
  #isNamed(id: ApplicationId): boolean {
    return this.#authority.layers.every(({ grants }) =>
      grants.some(({ where }) =>
        where.some(({ applications }) => applications === 'all' || applications.includes(id)),
      ),
    );
  }

  /** Whether the environment may be known, be it there or deleted. */
  seesEnvironment(id: EnvironmentId): boolean {
    if (this.#seesAll) return true;
    const facts = this.catalogue.environment(id);
    if (facts === null) return false;
    const place = { applicationId: facts.applicationId, environmentId: id, environmentType: facts.type };
    return APPLICATION_ACTIONS.some((action) => mayAt(this.#authority, action, place));
  }

  /** By id or name; null when it is deleted, never was, or is not to be known. */
  findApplication(reference: string): ApplicationRow | null {
    const found = this.catalogue.findApplication(reference);
    return found !== null && this.seesApplication(found.id) ? found : null;
  }

  /** By id or name, among those of the application; null when it is deleted, never was, or is not to be known. */
  findEnvironment(applicationId: ApplicationId, reference: string): EnvironmentRow | null {
    const found = this.catalogue.findEnvironment(applicationId, reference);
    return found !== null && this.seesEnvironment(found.id) ? found : null;
  }

  /** null when it is deleted, never was, or is not to be known. */
  environmentById(id: EnvironmentId): EnvironmentRow | null {
    const facts = this.catalogue.environment(id);
    return facts && this.findEnvironment(facts.applicationId, id);
  }

  /** How answers speak of it. What is not to be known, or never was, has no name. */
  mentionApplication(id: ApplicationId): ApplicationMention {
    const row = this.seesApplication(id) ? this.#byId().applications.get(id) : undefined;
    return row === undefined
      ? { id, name: null, deleted: false }
      : { id, name: row.name, deleted: row.deletedAtMs !== null };
  }

  /** How answers speak of it. What is not to be known, or never was, has no name. */
  mentionEnvironment(id: EnvironmentId): EnvironmentMention {
    const { applications, environments } = this.#byId();
    const row = this.seesEnvironment(id) ? environments.get(id) : undefined;
    return row === undefined
      ? { id, name: null, applicationName: null, deleted: false }
      : {
          id,
          name: row.name,
          applicationName: applications.get(row.applicationId)?.name ?? null,
          deleted: row.deletedAtMs !== null,
        };
  }

  #byId() {
    this.#rows ??= {
      applications: new Map(this.catalogue.applications.map((row) => [row.id, row])),
      environments: new Map(this.catalogue.environments.map((row) => [row.id, row])),
    };
    return this.#rows;
  }
}
