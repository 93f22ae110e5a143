// The front of KMS: AWS JSON 1.1 over HTTP, the operation in `X-Amz-Target`. Authentication comes first, then the operation.
import type { Authenticator } from './authenticate.ts';
import { readBlobHeader } from './ciphertext-blob.ts';
import type { KeyStore } from './key-store.ts';
import type { KmsCall } from './kms-call.ts';
import { decrypt, encrypt, generateDataKey, reEncrypt } from './kms-data-keys.ts';
import type { KmsReply } from './kms-data-keys.ts';
import { KmsInput } from './kms-input.ts';
import {
  cancelKeyDeletion,
  createKey,
  deleteAlias,
  describeKey,
  getKeyPolicy,
  listAliases,
  listKeyRotations,
  listKeys,
  putKeyPolicy,
  rotateKeyOnDemand,
  scheduleKeyDeletion,
  setAlias,
  switchKey,
} from './kms-key-admin.ts';
import type { LabAnswer, LabRequest, ServiceCall } from './lab-request.ts';
import { ServiceError } from './service-error.ts';

const JSON_TYPE = 'application/x-amz-json-1.1';
const TARGET = /^TrentService\.([A-Za-z]+)$/;

const OPERATIONS: Readonly<Record<string, (call: KmsCall) => KmsReply>> = {
  GenerateDataKey: generateDataKey,
  GenerateDataKeyWithoutPlaintext: generateDataKey,
  Encrypt: encrypt,
  Decrypt: decrypt,
  ReEncrypt: reEncrypt,
  DescribeKey: describeKey,
  CreateKey: createKey,
  ListKeys: listKeys,
  ListAliases: listAliases,
  CreateAlias: setAlias,
  UpdateAlias: setAlias,
  DeleteAlias: deleteAlias,
  EnableKey: switchKey,
  DisableKey: switchKey,
  ScheduleKeyDeletion: scheduleKeyDeletion,
  CancelKeyDeletion: cancelKeyDeletion,
  RotateKeyOnDemand: rotateKeyOnDemand,
  ListKeyRotations: listKeyRotations,
  GetKeyPolicy: getKeyPolicy,
  PutKeyPolicy: putKeyPolicy,
};

export type KmsServiceParts = {
  authenticate: Authenticator;
  keys: KeyStore;
  now: () => number;
  clockSkewToleranceMs: number;
};

/** Whether a request is meant for KMS. */
export function isKmsRequest(request: LabRequest): boolean {
  return request.method === 'POST' && request.headers['x-amz-target'] !== undefined;
}

/** Recognises a KMS call. Never throws: what is wrong with the request is said when it is executed, after authentication. */
export function recogniseKmsCall(parts: KmsServiceParts, request: LabRequest): ServiceCall {
  const target = request.headers['x-amz-target'];
  const operation = typeof target === 'string' ? (TARGET.exec(target)?.[1] ?? '') : '';
  const members = parseMembers(request.body);
  return {
    service: 'kms',
    operation,
    keyIds: members === null ? [] : namedKeys(parts.keys, members),
    renderError,
    throttling: () => new ServiceError('ThrottlingException', { text: 'Rate exceeded' }),
    execute: (trace, requestId) => {
      const { principal, accessKeyId, region } = parts.authenticate(request, {
        service: 'kms',
        clockSkewToleranceMs: parts.clockSkewToleranceMs,
        endpointRegion: request.endpointRegion,
      });
      trace.principalArn = principal.arn;
      trace.accessKeyId = accessKeyId;
      trace.region = region;
      const run = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
      if (run === undefined) throw new ServiceError('UnknownOperationException');
      if (members === null || request.headers['content-type']?.startsWith(JSON_TYPE) !== true) {
        throw new ServiceError('SerializationException', { text: 'Could not parse the request as JSON 1.1' });
      }
      const reply = run({
        operation,
        input: new KmsInput(members),
        principal,
        region,
        sourceAddress: request.sourceAddress,
        nowMs: parts.now(),
        keys: parts.keys,
        trace,
      });
      return answer(200, JSON.stringify(reply), requestId);
    },
  };
}

function renderError(error: ServiceError, requestId: string): LabAnswer {
  // As on the wire of the real service: the text of AccessDeniedException has a capital letter in its name.
  const textName = error.code === 'AccessDeniedException' ? 'Message' : 'message';
  const body = { __type: error.code, ...(error.text === null ? {} : { [textName]: error.text }) };
  return answer(error.status, JSON.stringify(body), requestId);
}

function answer(status: number, body: string, requestId: string): LabAnswer {
  return { status, contentType: JSON_TYPE, body, headers: { 'x-amzn-requestid': requestId } };
}

function parseMembers(body: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Every id by which the request names a key, aliases resolved, so that a fault finds the key however it is named. */
function namedKeys(keys: KeyStore, members: Readonly<Record<string, unknown>>): string[] {
  const named = ['KeyId', 'SourceKeyId', 'DestinationKeyId'].flatMap((name) => {
    const text = members[name];
    if (typeof text !== 'string' || text === '') return [];
    const targets = text.includes('alias/')
      ? [...keys.aliases]
          .filter(([arn]) => arn === text || arn.endsWith(`:${text}`))
          .map(([, target]) => target)
      : [];
    return [text, ...targets];
  });
  const blob = members['CiphertextBlob'];
  const header = typeof blob === 'string' ? readBlobHeader(Buffer.from(blob, 'base64')) : null;
  return header === null ? named : [...named, header.keyId];
}
