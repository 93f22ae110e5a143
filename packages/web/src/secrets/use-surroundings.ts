// What pages about secrets need to know besides them: the secrets managers, and the first few hundred applications, by which rights are
// judged and ids become names.
import type { ApplicationView, SecretMetadata, SecretsManagerView } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { rightsTo } from './secret-rights.ts';
import type { SecretRights } from './secret-rights.ts';

export type SecretSurroundings = {
  managers: readonly SecretsManagerView[];
  applications: readonly ApplicationView[];
  /** Both are there. Until then nobody has any right. */
  isKnown: boolean;
  rightsTo: (secret: Pick<SecretMetadata, 'scope' | 'secretsManagerId'>) => SecretRights;
};

const APPLICATIONS_MAX = 500;
const NONE: SecretRights = { change: false, use: false };

export function useSurroundings(): SecretSurroundings {
  const me = useMe();
  const managers = useOperation('listSecretsManagers', {});
  const applications = useOperation('listApplications', { query: { limit: APPLICATIONS_MAX } });
  const around = {
    managers: managers.data?.secretsManagers ?? [],
    applications: applications.data?.applications ?? [],
  };
  const isKnown = managers.data !== undefined && applications.data !== undefined;
  return {
    ...around,
    isKnown,
    rightsTo: (secret) => (isKnown ? rightsTo(me, secret, around) : NONE),
  };
}
