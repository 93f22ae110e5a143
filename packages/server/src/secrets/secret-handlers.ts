// Operations of the API on secrets.
import type { SecretDetail } from '@sallyport/protocol';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { deleteSecret, previewSecretDeletion } from './delete-secret.ts';
import { downloadSecret } from './download-secret.ts';
import { editSecret } from './edit-secret.ts';
import { keyArnOf, readEnvelopeHeader, readVersions } from './envelope-header.ts';
import { explainScope } from './explain-scope.ts';
import { parseExisting, requireVisible } from './find-secret.ts';
import { listSecrets } from './list-secrets.ts';
import { offersToRead, offersToWrite } from './offers.ts';
import { resolveSecrets } from './resolve-secrets.ts';
import { askerOf } from './secret-asker.ts';
import { SecretMutex } from './secret-mutex.ts';
import { listSecretChanges, listSecretUses } from './secret-usages.ts';
import { listSetupUsages } from './setup-usages.ts';
import { viewListings } from './secret-views.ts';
import { uploadSecret } from './upload-secret.ts';
import { writeSecret } from './write-secret.ts';

type SecretOperation =
  | 'listSecrets'
  | 'getSecret'
  | 'editSecret'
  | 'previewSecretDeletion'
  | 'deleteSecret'
  | 'listSetupUsages'
  | 'listSecretUses'
  | 'listSecretChanges'
  | 'explainScope'
  | 'offersToWrite'
  | 'offersToRead'
  | 'writeSecret'
  | 'uploadSecret'
  | 'resolveSecrets'
  | 'downloadSecret';

const VERSIONS_SHOWN = 100;

export function secretHandlers(services: Services): Pick<Handlers, SecretOperation> {
  const { clock, config } = services;
  const mutex = new SecretMutex(clock, { maxWaitMs: config.taskTimeoutSeconds * 1000 });
  return {
    listSecrets: async (request) => listSecrets(request, services),
    getSecret: async (request) => getSecret(request, services),
    editSecret: async (request) => editSecret(request, services),
    previewSecretDeletion: async (request) => previewSecretDeletion(request, services),
    deleteSecret: async (request) => {
      await deleteSecret(request, services);
      return null;
    },
    listSetupUsages: async (request) => listSetupUsages(request, services),
    listSecretUses: async (request) => listSecretUses(request, services),
    listSecretChanges: async (request) => listSecretChanges(request, services),
    explainScope: async (request) => explainScope(request, services),
    offersToWrite: async (request) => offersToWrite(request, services),
    offersToRead: async (request) => offersToRead(request, services),
    writeSecret: async (request) => writeSecret(request, services, mutex),
    uploadSecret: async (request) => uploadSecret(request, services, mutex),
    resolveSecrets: async (request) => resolveSecrets(request, services),
    downloadSecret: async (request) => downloadSecret(request, services),
  };
}

async function getSecret(request: OperationRequest<'getSecret'>, services: Services): Promise<SecretDetail> {
  const { store, clock } = services;
  const reference = parseExisting(request.params.secret);
  const asker = await askerOf(request, services);
  const context = { asker, nowMs: clock.nowMs() };
  const { found, listing, aliases } = await store.read(async (tables) => {
    const found = await requireVisible(tables, reference, asker);
    const [listing] = await viewListings(tables, [found], context);
    return { found, listing, aliases: await tables.secretEdits.aliasesOf(found.secret.id) };
  });
  const address = { id: found.secret.id, newest: found.newestVersion };
  const versions: SecretDetail['versions'] = [];
  for (const version of await readVersions(store, address, VERSIONS_SHOWN)) {
    const header = await readEnvelopeHeader(store, version);
    versions.push({
      version: version.version,
      secretsManagerId: version.secretsManagerId,
      keyArn: header === null ? null : keyArnOf(header),
      valueBytes: version.valueBytes,
      createdAtMs: version.createdAtMs,
      createdBy: version.createdBy,
    });
  }
  return { secret: listing as SecretDetail['secret'], aliases, versions };
}
