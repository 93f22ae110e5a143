// Somebody who asks about secrets, and what they may know and do. Decisions are kept per scope: secrets of one scope share the object, so
// a request for a thousand secrets decides a handful of times.
import {
  mayChangeSecret,
  maySeeManager,
  maySeeSecret,
  mayUseAt,
  mayUseSomewhere,
  nameKey,
  regionCovers,
} from '@sallyport/core';
import type { EffectiveScope, PlaceReference, Region } from '@sallyport/core';
import type { Principal } from '../access/principal.ts';
import type { AccountCatalogue, FoundPlace } from '../applications/account-catalogue.ts';
import { VisiblePlaces } from '../applications/visible-places.ts';
import type { Services } from '../services.ts';

type Question = 'see' | 'use' | 'change';

export class SecretAsker {
  readonly catalogue: AccountCatalogue;
  readonly places: VisiblePlaces;
  readonly principal: Principal;
  readonly #answers: Record<Question, Map<EffectiveScope, boolean>> = {
    see: new Map(),
    use: new Map(),
    change: new Map(),
  };
  readonly #managers = new Map<Region, boolean>();
  readonly #found = new Map<string, FoundPlace | null>();

  constructor(principal: Principal, catalogue: AccountCatalogue) {
    this.principal = principal;
    this.catalogue = catalogue;
    this.places = new VisiblePlaces({ authority: principal.authority, catalogue });
  }

  /** Whether the asker may know that a secret of this scope exists. */
  sees(scope: EffectiveScope): boolean {
    return this.#decide('see', scope, () => maySeeSecret(this.#asker, scope));
  }

  /** Whether the asker may change one of this scope. */
  changes(scope: EffectiveScope): boolean {
    return this.#decide('change', scope, () => mayChangeSecret(this.#asker, scope));
  }

  /** Whether the asker may have the value: at this place, or, when none is named, without saying where. */
  uses(scope: EffectiveScope, place: FoundPlace | null): boolean {
    if (place !== null) return mayUseAt(this.#asker, scope, place);
    return this.#decide('use', scope, () => mayUseSomewhere(this.#asker, scope));
  }

  /** Whether the asker may know of a secrets manager of this scope, and so of its name. */
  seesManager(usageScope: Region): boolean {
    const known = this.#managers.get(usageScope);
    if (known !== undefined) return known;
    const sees = maySeeManager(this.#asker, usageScope);
    this.#managers.set(usageScope, sees);
    return sees;
  }

  /** A place by names or ids; null when it is not there or the asker may not know of it. */
  place({ application, environment }: PlaceReference): FoundPlace | null {
    const key = `${nameKey(application)}/${nameKey(environment)}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const there = this.catalogue.findPlace(application, environment);
    const found = there !== null && this.places.seesEnvironment(there.environmentId) ? there : null;
    this.#found.set(key, found);
    return found;
  }

  /** A place that the asker may know of and where a secret of this scope may be used; null when there is none. */
  exampleOf(scope: EffectiveScope): FoundPlace | null {
    if (scope.type !== 'rows') return null;
    const { rows } = scope;
    const places = this.catalogue.places();
    return (
      places.find((one) => regionCovers(rows, one) && this.places.seesEnvironment(one.environmentId)) ?? null
    );
  }

  get #asker() {
    return { authority: this.principal.authority, catalogue: this.catalogue };
  }

  #decide(question: Question, scope: EffectiveScope, decide: () => boolean): boolean {
    const answers = this.#answers[question];
    const known = answers.get(scope);
    if (known !== undefined) return known;
    const answer = decide();
    answers.set(scope, answer);
    return answer;
  }
}

/** Who sends this request, with the account as it is now. */
export async function askerOf(
  request: { principal: Principal },
  services: Pick<Services, 'catalogue'>,
): Promise<SecretAsker> {
  return new SecretAsker(request.principal, await services.catalogue.current());
}
