// Public face of @sallyport/sdk for web pages: the same client over fetch and WebCrypto. Nothing of Node is behind it.
export { createBrowserClient, sealingObstacle } from './client/browser-client.ts';
export type { BrowserClientOptions } from './client/browser-client.ts';
export type { Client, ListOptions, ReadOptions, SecretEdit } from './client/create-client.ts';
export type { Call, CallInput, CallOutput, JsonOperationId } from './http/call.ts';
export type { KnownDelegate, KnownDelegates } from './known-delegates/known-delegates.ts';
export { KNOWN_DELEGATES_KEY, StoredKnownDelegates } from './known-delegates/stored-known-delegates.ts';
export type { StorageLock, TextStorage } from './known-delegates/stored-known-delegates.ts';
export { openSecrets } from './reader/open-secrets.ts';
export type { Secrets } from './reader/open-secrets.ts';
export type { GetOptions, SecretReading, SecretsOptions } from './reader/secrets-reader.ts';
export type { SecretsSource } from './reader/secrets-source.ts';
export type { WatchOptions } from './reader/watch-secret.ts';
export type { SecretDownload } from './secrets/download-secret.ts';
export type { ReadOutcome, ResolvedSecret, UnreadSecret } from './secrets/resolve-secrets.ts';
export type { UploadBytes } from './secrets/upload-source.ts';
export type { WriteOptions, WrittenVersion } from './secrets/write-secret.ts';
export { AppError, isAppError } from '@sallyport/core';
export type { ErrorCode, ErrorData } from '@sallyport/core';
