// What pages about secrets need to know besides them: the secrets managers, and the first few hundred applications, by which rights are
// judged and ids become names.
import { useMemo } from 'react';
import type { ApplicationView, SecretMetadata, SecretsManagerView } from '@sallyport/protocol';
import { useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { rightsOf } from './secret-rights.ts';
import type { SecretRights } from './secret-rights.ts';

export type SecretSurroundings = {
  managers: readonly SecretsManagerView[];
  applications: readonly ApplicationView[];
  /** Both are there. Until then nobody has any right. */
  isKnown: boolean;
  rightsTo: (secret: Pick<SecretMetadata, 'scope' | 'secretsManagerId'>) => SecretRights;
};

const APPLICATIONS_MAX = 500;
const NOBODY = (): SecretRights => ({ change: false, use: false });

export function useSurroundings(): SecretSurroundings {
  const me = useMe();
  const managers = useOperation('listSecretsManagers', {}).data?.secretsManagers;
  const applications = useOperation('listApplications', { query: { limit: APPLICATIONS_MAX } }).data
    ?.applications;
  return useMemo(() => {
    const around = { managers: managers ?? [], applications: applications ?? [] };
    const isKnown = managers !== undefined && applications !== undefined;
    return { ...around, isKnown, rightsTo: isKnown ? rightsOf(me, around) : NOBODY };
  }, [me, managers, applications]);
}
