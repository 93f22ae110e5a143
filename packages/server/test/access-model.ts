// A brute-force model of access: an account as plain data, and every decision made by writing out all places, those that are there,
// those that were deleted and enough fresh ones to stand for all that may be created. It shares no code with the product, so that where
// the two agree, both are right or wrong for different reasons.
import type { AccountPermission, ApplicationAction, EnvironmentType } from '@sallyport/core';

export type Row = {
  applications: 'all' | readonly string[];
  environments: 'all' | EnvironmentType | readonly string[];
};
/** Rows by ids. */
export type Rows = readonly Row[];
export type ModelScope = { type: 'inherit' } | { type: 'account' } | { type: 'rows'; rows: Rows };
/** What a scope comes to: rows, or the account as a whole. */
export type Bounds = 'account' | Rows;

export type ModelRights = {
  account: readonly AccountPermission[];
  grants: readonly { where: Rows; actions: readonly ApplicationAction[] }[];
};
export type ModelApplication = { id: string; name: string; deleted: boolean };
export type ModelEnvironment = {
  id: string;
  application: string;
  name: string;
  type: EnvironmentType;
  deleted: boolean;
};
export type ModelService = { id: string; application: string; name: string };
/** `environment` null: all of the application that have no entry of their own. */
export type ModelEntry = {
  id: string;
  service: string;
  kind: 'variable' | 'file';
  name: string;
  environment: string | null;
  secret: string;
};
export type ModelManager = { id: string; name: string; scope: Rows; isDefault: boolean };
export type ModelSecret = {
  id: string;
  name: string;
  aliases: string[];
  scope: ModelScope;
  /** For each version the secrets manager and the value. */
  versions: { manager: string; value: string }[];
  /** Names by which somebody has had it. */
  askedBy: Set<string>;
};
export type ModelGroup = { id: string; name: string; builtIn: boolean; rights: ModelRights };
export type ModelUser = { id: string; name: string; groups: Set<string> };
export type ModelKey = {
  id: string;
  name: string;
  value: string;
  owner: { user: string } | { groups: readonly string[] };
  restriction: ModelRights | null;
  /** null: does not expire. */
  lifeSeconds: number | null;
  revoked: boolean;
};

export type ModelAccount = {
  applications: ModelApplication[];
  environments: ModelEnvironment[];
  services: ModelService[];
  entries: ModelEntry[];
  managers: ModelManager[];
  secrets: ModelSecret[];
  groups: ModelGroup[];
  users: ModelUser[];
  keys: ModelKey[];
};

export const ACTIONS: readonly ApplicationAction[] = ['create', 'read', 'update', 'delete', 'use'];
const TYPES: readonly EnvironmentType[] = ['production', 'non-production'];

export function emptyAccount(): ModelAccount {
  return {
    applications: [],
    environments: [],
    services: [],
    entries: [],
    managers: [],
    secrets: [],
    groups: [],
    users: [],
    keys: [],
  };
}

type Place = { environment: string; application: string; type: EnvironmentType };

/**
 * Every place there ever was, an environment of each type to come for each application, and two applications to come that have both.
 * Deleted places are among them: whoever had rights to something there goes on having them, and nobody else gets any.
 */
function placesOf({ applications, environments }: ModelAccount): Place[] {
  const ever = [...applications.map(({ id }) => id), 'app_tocome1', 'app_tocome2'];
  return [
    ...environments.map(({ id, application, type }) => ({ environment: id, application, type })),
    ...ever.flatMap((application) =>
      TYPES.map((type) => ({ environment: `${application} ${type} to come`, application, type })),
    ),
  ];
}

/** The places that the rows cover, by their environments. */
export function covered(rows: Rows, account: ModelAccount): Set<string> {
  const found = new Set<string>();
  for (const { environment, application, type } of placesOf(account)) {
    for (const row of rows) {
      const hasApplication = row.applications === 'all' || row.applications.includes(application);
      const hasEnvironment =
        row.environments === 'all' || row.environments === type || row.environments.includes(environment);
      if (hasApplication && hasEnvironment) found.add(environment);
    }
  }
  return found;
}

export function isWithin(inner: Rows, outer: Rows, account: ModelAccount): boolean {
  return covered(inner, account).isSubsetOf(covered(outer, account));
}

/** Whether a name could mean either of two secrets of these bounds. */
export function clash(a: Bounds, b: Bounds, account: ModelAccount): boolean {
  if (a === 'account' || b === 'account') return a === b;
  if (a.length === 0 || b.length === 0) return a.length === b.length;
  return !covered(a, account).isDisjointFrom(covered(b, account));
}

export function managerOf(secret: ModelSecret, account: ModelAccount): ModelManager {
  const newest = secret.versions.at(-1)?.manager;
  const manager = account.managers.find(({ id }) => id === newest);
  if (manager === undefined) throw new Error('a secret without its secrets manager');
  return manager;
}

export function boundsOf(scope: ModelScope, manager: ModelManager): Bounds {
  if (scope.type === 'account') return 'account';
  return scope.type === 'inherit' ? manager.scope : scope.rows;
}

export function boundsOfSecret(secret: ModelSecret, account: ModelAccount): Bounds {
  return boundsOf(secret.scope, managerOf(secret, account));
}

/** Whether a secret of these bounds may be used at an environment at all. */
export function isUsable(bounds: Bounds, environment: string, account: ModelAccount): boolean {
  return bounds !== 'account' && covered(bounds, account).has(environment);
}

/** Somebody who asks, at one moment. `layers` have to allow everything together. */
export class ModelAsker {
  readonly account: ModelAccount;
  readonly layers: readonly (readonly ModelRights[])[];
  readonly #allowed = new Map<ApplicationAction, Set<string>>();

  /** @param layers each one a sum of rights */
  constructor(account: ModelAccount, layers: readonly (readonly ModelRights[])[]) {
    this.account = account;
    this.layers = layers;
  }

  holds(permission: AccountPermission): boolean {
    return this.layers.every((layer) => layer.some(({ account }) => account.includes(permission)));
  }

  /** Where the action is allowed. */
  allowed(action: ApplicationAction): Set<string> {
    const known = this.#allowed.get(action);
    if (known !== undefined) return known;
    const ofLayers = this.layers.map((layer) => {
      const grants = layer
        .flatMap((rights) => rights.grants)
        .filter(({ actions }) => actions.includes(action));
      return covered(
        grants.flatMap(({ where }) => where),
        this.account,
      );
    });
    const all = ofLayers.reduce((both, next) => both.intersection(next));
    this.#allowed.set(action, all);
    return all;
  }

  throughout(action: ApplicationAction, rows: Rows): boolean {
    return covered(rows, this.account).isSubsetOf(this.allowed(action));
  }

  somewhere(action: ApplicationAction, rows: Rows): boolean {
    return !covered(rows, this.account).isDisjointFrom(this.allowed(action));
  }

  /** Whether the other may do nothing that this one may not. */
  hasAllOf(other: ModelAsker, permissions: readonly AccountPermission[]): boolean {
    return (
      permissions.every((one) => !other.holds(one) || this.holds(one)) &&
      ACTIONS.every((action) => other.allowed(action).isSubsetOf(this.allowed(action)))
    );
  }

  seesSecret(bounds: Bounds): boolean {
    if (bounds === 'account') return this.#managesForAccount();
    if (bounds.length === 0) return this.holds('manage-secrets');
    return this.somewhere('read', bounds) || this.somewhere('update', bounds);
  }

  changesSecret(bounds: Bounds): boolean {
    if (bounds === 'account') return this.#managesForAccount();
    return this.holds('manage-secrets') && this.throughout('update', bounds);
  }

  /** @param environment null: without saying where */
  usesSecret(bounds: Bounds, environment: string | null): boolean {
    if (environment !== null)
      return isUsable(bounds, environment, this.account) && this.allowed('use').has(environment);
    return bounds === 'account' ? this.#managesForAccount() : this.somewhere('use', bounds);
  }

  seesManager({ scope }: { scope: Rows }): boolean {
    const isForAll = scope.some((row) => row.applications === 'all' && row.environments === 'all');
    return this.holds('manage-secrets-managers') || isForAll || this.somewhere('read', scope);
  }

  changesManager(scope: Rows): boolean {
    return this.holds('manage-secrets-managers') && this.throughout('update', scope);
  }

  seesApplication(id: string): boolean {
    if (this.holds('manage-applications')) return true;
    return ACTIONS.some((action) => this.somewhere(action, [{ applications: [id], environments: 'all' }]));
  }

  seesEnvironment(id: string): boolean {
    return this.holds('manage-applications') || ACTIONS.some((action) => this.allowed(action).has(id));
  }

  #managesForAccount(): boolean {
    if (this.holds('manage-secrets')) return true;
    return ACTIONS.every((action) => this.throughout(action, [{ applications: 'all', environments: 'all' }]));
  }
}
