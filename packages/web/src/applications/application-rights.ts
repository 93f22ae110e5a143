// What the signed-in person may do with an application and its parts, see docs/guide/applications.md. The server decides in the end: this
// only hides what it would refuse.
import { mayAt, mayThroughout } from '@sallyport/core';
import type { ApplicationAction, ApplicationId, Authority, EnvironmentType, Region } from '@sallyport/core';
import type { EnvironmentView } from '@sallyport/protocol';
import { authorityOf } from '../client/authority.ts';
import { may } from '../client/permissions.ts';
import type { Rights } from '../client/permissions.ts';

export type ApplicationRights = {
  rename: boolean;
  delete: boolean;
  /** Types of which they may add environments. */
  addEnvironments: readonly EnvironmentType[];
  renameEnvironment: (environment: EnvironmentView) => boolean;
  deleteEnvironment: (environment: EnvironmentView) => boolean;
  addService: boolean;
  renameService: boolean;
  deleteService: boolean;
  /** Whether they may say what a service refers to in one environment; null: in all of them. */
  setEntry: (environment: Pick<EnvironmentView, 'id' | 'type'> | null) => boolean;
};

const TYPES: readonly EnvironmentType[] = ['production', 'non-production'];

export function rightsAt(me: Rights, applicationId: ApplicationId): ApplicationRights {
  const manages = may(me, 'manage-applications');
  const authority = authorityOf(me);
  const throughout = (action: ApplicationAction): boolean =>
    throughoutRegion(authority, action, [{ applications: [applicationId], environments: 'all' }]);
  const at = (action: ApplicationAction, environment: Pick<EnvironmentView, 'id' | 'type'>): boolean =>
    mayAt(authority, action, {
      applicationId,
      environmentId: environment.id,
      environmentType: environment.type,
    });
  return {
    rename: manages || throughout('update'),
    delete: manages,
    addEnvironments: TYPES.filter(
      (type) =>
        manages ||
        throughoutRegion(authority, 'create', [{ applications: [applicationId], environments: type }]),
    ),
    renameEnvironment: (environment) => manages || at('update', environment),
    deleteEnvironment: (environment) => manages || at('delete', environment),
    addService: manages || throughout('create'),
    renameService: manages || throughout('update'),
    deleteService: manages || throughout('delete'),
    setEntry: (environment) => (environment === null ? throughout('update') : at('update', environment)),
  };
}

function throughoutRegion(authority: Authority, action: ApplicationAction, region: Region): boolean {
  // The region names no environment, so that nothing needs to be looked up.
  return mayThroughout(authority, action, { region, catalogue: { environment: () => null } });
}
