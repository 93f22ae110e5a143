// From regions as callers write them, by names or ids, to regions as they are stored and decided on. What the caller may not see is
// refused with the same words as what is not there.
import { AppError, checkRegion, isId } from '@sallyport/core';
import type { ApplicationId, EnvironmentId, Region, RegionRow } from '@sallyport/core';
import type { RegionInput, RegionRowInput } from '@sallyport/protocol';
import type { VisiblePlaces } from './visible-places.ts';

export type RegionContext = {
  /** What the caller may see. */
  places: VisiblePlaces;
  /** What the scope or grant named until now: ids of what was deleted since may stay in it. */
  kept?: Region;
};

/**
 * Looks names up and checks the rows.
 * @throws {invalid-scope}
 */
export function parseRegion(input: RegionInput, { places, kept = [] }: RegionContext): Region {
  const names = new Names(places, kept);
  const rows = input.map((row) => names.parseRow(row));
  // Every id in the rows has been looked up: what is left to check is their form, and that environments belong to the applications.
  return checkRegion(rows, {
    application: () => true,
    environment: (id) => places.catalogue.environment(id),
  });
}

class Names {
  readonly #places: VisiblePlaces;
  readonly #kept: ReadonlySet<string>;

  constructor(places: VisiblePlaces, kept: Region) {
    this.#places = places;
    this.#kept = new Set(
      kept.flatMap(({ applications, environments }) => [...listed(applications), ...listed(environments)]),
    );
  }

  parseRow({ applications, environments }: RegionRowInput): RegionRow {
    const chosen =
      applications === 'all' ? applications : applications.map((text) => this.#application(text));
    if (typeof environments === 'string') return { applications: chosen, environments };
    const only = chosen !== 'all' && chosen.length === 1 ? (chosen[0] ?? null) : null;
    return { applications: chosen, environments: environments.map((text) => this.#environment(text, only)) };
  }

  #application(text: string): ApplicationId {
    if (isId('application', text) && this.#kept.has(text)) return text;
    const found = this.#places.findApplication(text);
    if (found === null) throw wrong(`There is no application "${text}".`);
    return found.id;
  }

  /** @param only the application of the row, where it has exactly one */
  #environment(text: string, only: ApplicationId | null): EnvironmentId {
    if (isId('environment', text)) {
      if (this.#kept.has(text) || this.#places.environmentById(text) !== null) return text;
      throw wrong(`There is no environment "${text}".`);
    }
    const slash = text.indexOf('/');
    const application = slash === -1 ? only : this.#application(text.slice(0, slash));
    if (application === null)
      throw wrong(`Say which application's environment "${text}" is meant: APPLICATION/${text}, or an id.`);
    const found = this.#places.findEnvironment(application, text.slice(slash + 1));
    if (found === null) throw wrong(`There is no environment "${text}".`);
    return found.id;
  }
}

function listed(filter: string | readonly string[]): readonly string[] {
  return typeof filter === 'string' ? [] : filter;
}

function wrong(publicMessage: string): AppError {
  return new AppError('invalid-scope', { publicMessage });
}
