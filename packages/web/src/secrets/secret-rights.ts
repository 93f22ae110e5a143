// What the signed-in person may do with a secret, decided by the same functions as on the server, as far as this page knows of the secret's
// scope. The server decides in the end: this only hides what it would refuse.
import { effectiveScope, mayChangeSecret, mayUseSomewhere } from '@sallyport/core';
import type { Catalogue, EffectiveScope, EnvironmentFacts, EnvironmentId, Region } from '@sallyport/core';
import type { ApplicationView, RegionView, SecretMetadata, SecretsManagerView } from '@sallyport/protocol';
import { authorityOf } from '../client/authority.ts';
import { may } from '../client/permissions.ts';
import type { Rights } from '../client/permissions.ts';

/** What is known of the account while rights are judged. */
export type Surroundings = {
  applications: readonly Pick<ApplicationView, 'id' | 'environments'>[];
  managers: readonly Pick<SecretsManagerView, 'id' | 'usageScope'>[];
};

export type SecretRights = {
  /** Add versions, rename, change the scope, delete. */
  change: boolean;
  /** Have the value. */
  use: boolean;
};

type Judged = Pick<SecretMetadata, 'scope' | 'secretsManagerId'>;

/** Judges secrets one by one, as far as somebody asks. What is the same for all of them is looked at once. */
export function rightsOf(me: Rights, around: Surroundings): (secret: Judged) => SecretRights {
  const asker = { authority: authorityOf(me), catalogue: catalogueOf(around.applications) };
  return (secret) => {
    const scope = scopeOf(secret, around);
    // Under a secrets manager that may not be seen, only the server can tell.
    if (scope === null) return { change: may(me, 'manage-secrets'), use: true };
    return {
      get change() {
        return mayChangeSecret(asker, scope);
      },
      get use() {
        return mayUseSomewhere(asker, scope);
      },
    };
  };
}

/** Whether there may be any secret that they can add. */
export function mayAddSecrets(me: Rights): boolean {
  return may(me, 'manage-secrets');
}

function scopeOf({ scope, secretsManagerId }: Judged, { managers }: Surroundings): EffectiveScope | null {
  if (scope.type === 'rows') return { type: 'rows', rows: regionOf(scope.rows) };
  if (scope.type === 'account') return scope;
  const manager = managers.find(({ id }) => id === secretsManagerId);
  return manager === undefined ? null : effectiveScope(scope, regionOf(manager.usageScope));
}

function regionOf(rows: RegionView): Region {
  return rows.map(({ applications, environments }) => ({
    applications: applications === 'all' ? 'all' : applications.map(({ id }) => id),
    environments: typeof environments === 'string' ? environments : environments.map(({ id }) => id),
  }));
}

function catalogueOf(applications: Surroundings['applications']): Catalogue {
  const known = new Map<EnvironmentId, EnvironmentFacts>(
    applications.flatMap(({ environments }) =>
      environments.map(({ id, applicationId, type }) => [id, { applicationId, type }] as const),
    ),
  );
  return { environment: (id) => known.get(id) ?? null };
}
