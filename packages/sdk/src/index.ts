// Public face of @sallyport/sdk: the client for applications. It seals and opens values itself; the server only relays them.
export { createClient } from './client/node-client.ts';
export type { NodeClientOptions } from './client/node-client.ts';
export type { Client, ClientOptions, ListOptions, ReadOptions, SecretEdit } from './client/create-client.ts';
export type { TokenSource, TokenForAWhile } from './client/token-source.ts';
export { workloadToken } from './client/workload-token.ts';
export type { WorkloadIdentity, WorkloadTokenOptions } from './client/workload-token.ts';
export { parseAddress, printAddress } from './http/address.ts';
export type { Call, CallInput, CallOutput, JsonOperationId, RouteTable } from './http/call.ts';
export { FileKnownDelegates } from './known-delegates/file-known-delegates.ts';
export { memoryKnownDelegates } from './known-delegates/known-delegates.ts';
export type { KnownDelegate, KnownDelegates } from './known-delegates/known-delegates.ts';
export type { SecretDownload } from './secrets/download-secret.ts';
export type { ReadOutcome, ResolvedSecret, UnreadSecret } from './secrets/resolve-secrets.ts';
export type { UsableQuery, UsableSecret, UsableSecrets } from './secrets/usable-secrets.ts';
export type { UploadBytes } from './secrets/upload-source.ts';
export type { WriteOptions, WrittenVersion } from './secrets/write-secret.ts';
export { AppError, isAppError } from '@sallyport/core';
export type { ErrorCode } from '@sallyport/core';
