// Public face of @sallyport/protocol: schemas of the HTTP API and of the delegate protocol, the error registry. Safe in a browser.
// Sealing has faces of its own: `@sallyport/protocol/sealing` over node:crypto, `@sallyport/protocol/sealing-web` over WebCrypto.
export { ERROR_REGISTRY } from './errors/registry.ts';
export type { ErrorEntry } from './errors/registry.ts';
export { fromWireError, readErrorBody, toWireError } from './errors/convert-error.ts';
export { ErrorBody, WireError } from './errors/wire-error.ts';
export { ROUTES } from './api/routes.ts';
export type { OperationId } from './api/routes.ts';
export {
  encodeHttpFrame,
  HTTP_FRAME_MAX_BYTES,
  HTTP_FRAMES_TYPE,
  readHttpFrames,
} from './api/http-frames.ts';
export {
  AVAILABILITY_MAX_SECONDS,
  PLACE_MAX_ITEMS,
  RESOLVE_MAX_ITEMS,
  PROFILE_OUTPUT_KEPT_BYTES,
  PROFILES_MAX,
  SCRIPT_DEFAULT_SECONDS,
  SCRIPT_MAX_BYTES,
  SCRIPT_MAX_SECONDS,
  SCRIPT_MAX_SECRETS,
  SEALED_BOX_MAX_BYTES,
} from './api/limits.ts';
export { PROGRESS_LINE_MAX_BYTES, PROGRESS_TYPE } from './api/progress.ts';
export type { ProgressLine } from './api/progress.ts';
export { PURPOSE_HEADER, PURPOSE_MAX_CHARACTERS } from './api/route.ts';
export type { HttpMethod, Route } from './api/route.ts';
export {
  ApiKeyList,
  ApiKeyOwnerView,
  ApiKeyView,
  CreateApiKey,
  CreatedApiKey,
  GroupMention,
  ListApiKeysQuery,
  WhoAmI,
} from './api/api-keys.ts';
export {
  BeginTotp,
  ChangePassword,
  ConfirmTotp,
  InspectLink,
  LinkView,
  EditMyProfile,
  MyProfile,
  PendingTotp,
  ProveIdentity,
  RecoveryCodes,
  RedeemLink,
  RevokedSessions,
  RevokeSessions,
  SessionList,
  SessionView,
  SignedIn,
  SignedInWithKey,
  SignIn,
  SignInForKey,
} from './api/sessions.ts';
export {
  CreatedLink,
  EditUser,
  InviteUser,
  ListUsersQuery,
  UserDetail,
  UserPage,
  UserView,
} from './api/users.ts';
export {
  AddGroupMember,
  CreateGroup,
  EditGroup,
  GroupDetail,
  GroupList,
  GroupMemberView,
  GroupView,
} from './api/groups.ts';
export {
  AwsIdentityRequest,
  ClaimRule,
  CreateWorkloadIssuer,
  EditWorkloadIssuer,
  ExchangeWorkloadIdentity,
  WORKLOAD_KEY_SECONDS,
  WORKLOAD_TOKEN_MAX_CHARACTERS,
  WorkloadIssuerList,
  WorkloadIssuerSettings,
  WorkloadIssuerView,
  WorkloadKey,
} from './api/workloads.ts';
export { PutSso, SSO_CALLBACK_PATH, SSO_START_PATH, SsoSettings, SsoStatus, SsoView } from './api/sso.ts';
export {
  AccountPermissionSchema,
  ApplicationActionSchema,
  ApplicationMention,
  EnvironmentMention,
  GrantInput,
  GrantView,
  RegionInput,
  RegionRowInput,
  RegionRowView,
  RegionView,
} from './api/regions.ts';
export {
  ApplicationPage,
  ApplicationView,
  CONFIG_ENTRY_KINDS,
  ConfigEntryList,
  ConfigEntryView,
  ConfirmedQuery,
  CreateApplication,
  CreateEnvironment,
  CreateService,
  DELETION_CONSEQUENCES,
  DeletionEffect,
  DeletionPreview,
  EnvironmentView,
  ListApplicationsQuery,
  PutConfigEntry,
  RenamePart,
  ServiceView,
} from './api/applications.ts';
export type { ConfigEntryKind } from './api/applications.ts';
export {
  DownloadEnvelopes,
  EnvelopeAddress,
  EnvelopeHead,
  EnvelopePage,
  EnvelopeView,
  ENVELOPES_MAX_ITEMS,
  ListEnvelopesQuery,
} from './api/envelopes.ts';
export {
  AccountIdSchema,
  AUDIT_ACTOR_KINDS,
  AuditChainPoint,
  AuditCheckpoint,
  AuditCheckpointPage,
  AuditExportPage,
  AuditPage,
  AuditRecord,
  AuditStatus,
  ExportAuditQuery,
  ListAuditQuery,
  StoredAuditCheckpoint,
} from './api/audit.ts';
export { AUDIT_ACTIONS } from './audit-actions/index.ts';
export type { AuditAction } from './audit-actions/index.ts';
export type { AuditActorKind } from './api/audit.ts';
export { AvailabilitySchema } from './api/availability.ts';
export { FRESH, isSameAvailability, parseAvailability, printAvailability } from './api/availability-text.ts';
export type { Availability } from './api/availability.ts';
export { DelegateHealth, HEALTH_DELEGATES_MAX, ManagerHealth } from './api/manager-health.ts';
export {
  CreateDelegateToken,
  CreatedDelegateToken,
  DelegateEditPreview,
  DelegateExplanation,
  DelegateExplanations,
  DelegateList,
  DelegateTokenList,
  DelegateTokenView,
  DataKeyCacheState,
  DelegateView,
  EditDelegate,
  ExplainDelegates,
} from './api/delegates.ts';
export {
  DelegateOffer,
  ReadOffers,
  ReadOffersRequest,
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
  SCRIPT_MAX_ARGUMENTS,
  SCRIPT_STREAMS,
  SealedScript,
  SealedScriptEvent,
} from './api/sealed-script.ts';
export type { ScriptStream } from './api/sealed-script.ts';
export {
  CreateDelegateProfile,
  DelegateProfile,
  DelegateProfileList,
  DelegateProfileListing,
  LAST_RUNS_MAX,
  DelegateProfileSummary,
  EditDelegateProfile,
  ProfileSecretCheck,
  ProfileRun,
  ProfileRunDetail,
  ProfileRunList,
  ProfileRunsQuery,
} from './api/delegate-profiles.ts';
export { RunScript, ScriptEnd, ScriptFacts, ScriptOffers, ScriptOffersRequest } from './api/scripts.ts';
export {
  DownloadSecret,
  EditSecret,
  ListSecretsQuery,
  ResolvedSecrets,
  ResolveSecrets,
  SecretDetail,
  SecretListing,
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
  ManagerTest,
  ManagerTestList,
  PreflightEvent,
  PreflightOutcome,
  PreflightReport,
  PreflightRequest,
  PreflightStage,
  PreflightStep,
  SavedSecretsManager,
  SecretsManagerList,
  SecretsManagerView,
  SettingsInput,
} from './api/secrets-managers.ts';
export {
  DeleteSecretQuery,
  ListSecretUsesQuery,
  SecretChange,
  SecretChangePage,
  SecretDeletionPreview,
  SecretUse,
  SecretUsePage,
  SetupUsageList,
  SetupUsageView,
  UsageSummary,
  UseByName,
} from './api/secret-uses.ts';
export {
  ExplainScope,
  PlaceView,
  ScopeExplanation,
  UsageScopeInput,
  UsageScopeView,
} from './api/usage-scopes.ts';
export { decodeContent, encodeContent } from './sealing/content.ts';
export { challengeBytes } from './delegate/challenge.ts';
export { BEGUN_PROFILES_MAX, DelegateMessage, ServerMessage } from './delegate/messages.ts';
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
export {
  CHECKPOINT_MAX_RECORDS,
  CHECKPOINT_REFUSALS,
  ProfileRevision,
  SecretsManagerAccess,
  Task,
  TaskPlace,
  TaskResult,
  WriteTarget,
} from './delegate/tasks.ts';
export type { CheckpointRefusal, TaskKind, TaskOf, TaskResultOf } from './delegate/tasks.ts';
export {
  LocalGrant,
  LocalRead,
  LocalReadAnswer,
  LocalReadItem,
  LocalUse,
  LocalUses,
  LocalUsesSeen,
  Recheck,
  SignedLocalGrant,
} from './delegate/local-reads.ts';
