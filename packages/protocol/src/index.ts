// Public face of @sallyport/protocol: schemas of the HTTP API and of the delegate protocol, the error registry. Safe in a browser.
// Sealing with node:crypto has a face of its own: `@sallyport/protocol/sealing`.
export { ERROR_REGISTRY } from './errors/registry.ts';
export type { ErrorEntry } from './errors/registry.ts';
export { ErrorBody, fromWireError, toWireError, WireError } from './errors/wire-error.ts';
export { ROUTES } from './api/routes.ts';
export type { OperationId } from './api/routes.ts';
export {
  encodeHttpFrame,
  HTTP_FRAME_MAX_BYTES,
  HTTP_FRAMES_TYPE,
  readHttpFrames,
} from './api/http-frames.ts';
export type { HttpMethod, Route } from './api/route.ts';
export { ApiKeyList, ApiKeyView, CreateApiKey, CreatedApiKey, WhoAmI } from './api/api-keys.ts';
export { AUDIT_ACTIONS, AuditPage, AuditRecord, ListAuditQuery } from './api/audit.ts';
export type { AuditAction } from './api/audit.ts';
export {
  CreateDelegateToken,
  CreatedDelegateToken,
  DelegateExplanation,
  DelegateExplanations,
  DelegateList,
  DelegateTokenList,
  DelegateTokenView,
  DelegateView,
  ExplainDelegates,
} from './api/delegates.ts';
export {
  DelegateOffer,
  ReadOffers,
  ReadOffersRequest,
  RESOLVE_MAX_ITEMS,
  SEALED_BOX_MAX_BYTES,
  SealedRequestSchema,
  SealedStreamHeader,
  SealingOfferSchema,
  UnresolvedItem,
  WriteOffers,
  WriteOffersRequest,
} from './api/sealing.ts';
export {
  SEALED_OPERATIONS,
  SealedReadAnswer,
  SealedReadContent,
  SealedReadEntry,
  SealedWriteAnswer,
  SealedWriteContent,
} from './api/sealed-content.ts';
export type { SealedOperation } from './api/sealed-content.ts';
export {
  DownloadSecret,
  ListSecretsQuery,
  RenameSecret,
  ResolvedSecrets,
  ResolveSecrets,
  SecretDetail,
  SecretMetadata,
  SecretPage,
  SecretVersionMetadata,
  UploadSecret,
  WriteSecret,
  WrittenSecret,
} from './api/secrets.ts';
export {
  AwsKmsInput,
  BuiltInInput,
  CreateSecretsManager,
  CredentialsInput,
  CredentialsView,
  DelegatePreflight,
  EditSecretsManager,
  PreflightOutcome,
  PreflightReport,
  PreflightRequest,
  PreflightStage,
  SavedSecretsManager,
  SecretsManagerList,
  SecretsManagerView,
  SettingsInput,
} from './api/secrets-managers.ts';
export { challengeBytes } from './delegate/challenge.ts';
export { DelegateMessage, ServerMessage } from './delegate/messages.ts';
export {
  DELEGATE_CONNECT_PATH,
  DELEGATE_PROTOCOL_VERSION,
  HEARTBEAT,
  SOCKET_FRAME_MAX_BYTES,
  STREAM_CHUNK_BYTES,
  STREAM_WINDOW_CHUNKS,
} from './delegate/protocol-version.ts';
export { decodeStreamFrame, encodeStreamFrame } from './delegate/stream-frame.ts';
export type { StreamFrame } from './delegate/stream-frame.ts';
export { SecretsManagerAccess, Task, TaskResult, WriteTarget } from './delegate/tasks.ts';
export type { TaskKind, TaskOf, TaskResultOf } from './delegate/tasks.ts';
