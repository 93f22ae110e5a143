// Operations of the API on secrets.
import { AppError, checkSecretName, isId, nameKey } from '@sallyport/core';
import type { SecretDetail, SecretMetadata, SecretPage } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import { actorOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { downloadSecret } from './download-secret.ts';
import { EnvelopeLookups } from './envelope-lookups.ts';
import { keyArnOf, readEnvelopeHeader, readVersions } from './envelope-header.ts';
import { parseExisting, requireSecret } from './find-secret.ts';
import { offersToRead, offersToWrite } from './offers.ts';
import { ReleaseLog } from './release-log.ts';
import { resolveSecrets } from './resolve-secrets.ts';
import { SecretMutex } from './secret-mutex.ts';
import { viewSecret } from './secret-views.ts';
import { uploadSecret } from './upload-secret.ts';
import { writeSecret } from './write-secret.ts';

type SecretOperation =
  | 'listSecrets'
  | 'getSecret'
  | 'renameSecret'
  | 'deleteSecret'
  | 'offersToWrite'
  | 'offersToRead'
  | 'writeSecret'
  | 'uploadSecret'
  | 'resolveSecrets'
  | 'downloadSecret';

const VERSIONS_SHOWN = 100;
const SECRETS_LIST = 'secrets';

export function secretHandlers(services: Services): Pick<Handlers, SecretOperation> {
  const { store, clock, config } = services;
  const mutex = new SecretMutex(clock, { maxWaitMs: config.taskTimeoutSeconds * 1000 });
  const reading = { ...services, lookups: new EnvelopeLookups(store), releases: new ReleaseLog(store) };
  return {
    listSecrets: async (request) => listSecrets(request, services),
    getSecret: async (request) => getSecret(request, services),
    renameSecret: async (request) => renameSecret(request, services),
    deleteSecret: async (request) => {
      await deleteSecret(request, services);
      return null;
    },
    offersToWrite: async (request) => offersToWrite(request, services),
    offersToRead: async (request) => offersToRead(request, services),
    writeSecret: async (request) => writeSecret(request, services, mutex),
    uploadSecret: async (request) => uploadSecret(request, services, mutex),
    resolveSecrets: async (request) => resolveSecrets(request, reading),
    downloadSecret: async (request) => downloadSecret(request, reading),
  };
}

async function listSecrets(
  { query }: OperationRequest<'listSecrets'>,
  services: Services,
): Promise<SecretPage> {
  const limit = query.limit ?? PAGE_ROWS;
  const afterNameKey = parseCursor(SECRETS_LIST, query.cursor);
  const search = query.search === undefined || query.search === '' ? null : query.search;
  const rows = await services.store.read(async ({ secrets }) =>
    secrets.list({ afterNameKey, search, limit: limit + 1 }),
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    secrets: page.map(viewSecret),
    nextCursor: last === undefined ? null : printCursor(SECRETS_LIST, nameKey(last.secret.name)),
  };
}

async function getSecret(
  { params }: OperationRequest<'getSecret'>,
  { store }: Services,
): Promise<SecretDetail> {
  const reference = parseExisting(params.secret);
  const found = await store.read(async (tables) => requireSecret(tables, reference));
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
  return { secret: viewSecret(found), versions };
}

async function renameSecret(
  request: OperationRequest<'renameSecret'>,
  { store, clock }: Services,
): Promise<SecretMetadata> {
  const reference = parseExisting(request.params.secret);
  const name = checkNewName(request.body.name);
  const scope = { atMs: clock.nowMs(), actor: actorOf(request.principal), requestId: request.requestId };
  return store.write(async (tables) => {
    const found = await requireSecret(tables, reference);
    if (found.secret.name !== name) {
      await tables.secrets.rename(found.secret.id, name);
      const details = { from: found.secret.name };
      const subject = { resource: found.secret.id, resourceName: name, details };
      await tables.audit.append([auditEntry(scope, 'secret.renamed', subject)]);
    }
    return viewSecret({ ...found, secret: { ...found.secret, name } });
  });
}

async function deleteSecret(
  request: OperationRequest<'deleteSecret'>,
  { store, clock }: Services,
): Promise<void> {
  const reference = parseExisting(request.params.secret);
  const scope = { atMs: clock.nowMs(), actor: actorOf(request.principal), requestId: request.requestId };
  await store.write(async (tables) => {
    const { secret, newestVersion } = await requireSecret(tables, reference);
    await tables.secrets.remove(secret.id);
    const subject = { resource: secret.id, resourceName: secret.name, details: { versions: newestVersion } };
    await tables.audit.append([auditEntry(scope, 'secret.deleted', subject)]);
  });
}

/** @throws {invalid-name} */
function checkNewName(name: string): string {
  if (isId('secret', name)) {
    throw new AppError('invalid-name', { publicMessage: 'A name must not look like an id.' });
  }
  return checkSecretName(name);
}
