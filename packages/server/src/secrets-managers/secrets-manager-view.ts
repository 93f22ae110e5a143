// How the API shows a secrets manager. The secret access key never comes out; the access key id comes out masked.
import type { Credentials } from '@sallyport/core';
import type { ManagerHealth, SecretsManagerView } from '@sallyport/protocol';
import { viewRegion } from '../applications/region-view.ts';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

type AwsKmsView = Extract<SecretsManagerView, { kind: 'aws-kms' }>;

const SHOWN_CHARACTERS = 4;

export function viewSecretsManager(
  row: SecretsManagerRow & { secretCount: number },
  shown: { places: VisiblePlaces; health: ManagerHealth },
): SecretsManagerView {
  const { settings } = row;
  const shared = {
    id: row.id,
    name: row.name,
    isDefault: row.isDefault,
    revision: row.revision,
    selectors: [...settings.selectors],
    context: { ...settings.context },
    dataKeyCache: settings.dataKeyCache,
    usageScope: viewRegion(row.usageScope, shown.places),
    secretCount: row.secretCount,
    health: shown.health,
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
  };
  if (settings.kind === 'built-in') return { kind: 'built-in', ...shared };
  const { keyArn, pinnedKeyArn, region } = settings;
  const formerKeyArns = [...settings.formerKeyArns];
  const credentials = viewCredentials(settings.credentials);
  return { kind: 'aws-kms', ...shared, keyArn, pinnedKeyArn, formerKeyArns, region, credentials };
}

function viewCredentials(credentials: Credentials): AwsKmsView['credentials'] {
  if (credentials.type !== 'access-keys') return credentials;
  return { type: 'access-keys', accessKeyId: mask(credentials.accessKeyId) };
}

/** First and last four characters; enough to tell keys apart in the IAM console. */
function mask(accessKeyId: string): string {
  const hidden = Math.max(0, accessKeyId.length - 2 * SHOWN_CHARACTERS);
  return `${accessKeyId.slice(0, SHOWN_CHARACTERS)}${'*'.repeat(hidden)}${accessKeyId.slice(-SHOWN_CHARACTERS)}`;
}
