// Public face of @sallyport/core: the pure domain. No I/O, no dependencies, safe in a browser.
// Node-only parts have faces of their own: `@sallyport/core/aead` and `@sallyport/core/envelope`.
export { ERROR_CODES, isErrorCode } from './errors/error-code.ts';
export type { ErrorCode } from './errors/error-code.ts';
export { AppError, invariant, isAppError } from './errors/app-error.ts';
export type { AppErrorOptions, ErrorData } from './errors/app-error.ts';
export { FAILURE_STAGES } from './errors/failure-stage.ts';
export type { FailureStage } from './errors/failure-stage.ts';
export { ID_PREFIXES, ID_RANDOM_BYTES, isId, makeId, parseId } from './ids/id.ts';
export type {
  ApiKeyId,
  ApplicationId,
  AuditId,
  ConfigEntryId,
  DelegateId,
  DelegateTokenId,
  EnvironmentId,
  GroupId,
  Id,
  IdKind,
  LinkId,
  RequestId,
  SecretId,
  SecretsManagerId,
  ServiceId,
  SessionId,
  TaskId,
  UploadId,
  UserId,
  WorkloadIssuerId,
  DelegateProfileId,
  ProfileRunId,
} from './ids/id.ts';
export {
  cellsOf,
  ENVIRONMENT_TYPES,
  EVERYWHERE,
  regionContains,
  regionCovers,
  regionsOverlap,
} from './access/region.ts';
export type {
  Catalogue,
  Cell,
  EnvironmentFacts,
  EnvironmentType,
  Place,
  Region,
  RegionRow,
} from './access/region.ts';
export {
  ACCOUNT_PERMISSIONS,
  addRights,
  ALL_RIGHTS,
  APPLICATION_ACTIONS,
  authorityContains,
  may,
  mayAt,
  maySomewhere,
  mayThroughout,
  NO_AUTHORITY,
} from './access/rights.ts';
export type { AccountPermission, ApplicationAction, Authority, Grant, Rights } from './access/rights.ts';
export {
  checkRegion,
  effectiveScope,
  fitsUnder,
  SCOPE_LIMITS,
  scopesClash,
} from './usage-scope/usage-scope.ts';
export type { EffectiveScope, KnownPlaces, UsageScope } from './usage-scope/usage-scope.ts';
export {
  isUsableAt,
  mayChangeManager,
  mayChangeSecret,
  maySeeManager,
  maySeeSecret,
  mayUseAt,
  mayUseSomewhere,
} from './usage-scope/decide-access.ts';
export type { Asker } from './usage-scope/decide-access.ts';
export { isSameMultiRegionKey, parseKeyArn, requireRegionOf } from './key-arn/key-arn.ts';
export type { KeyArn } from './key-arn/key-arn.ts';
export { PARTITION_NAMES, partitionOfRegion } from './key-arn/partition.ts';
export type { Partition } from './key-arn/partition.ts';
export { ASSUME_ROLE_DURATION, checkExternalId, parseRoleArn } from './key-arn/role-arn.ts';
export type { RoleArn } from './key-arn/role-arn.ts';
export { Plaintext } from './plaintext/plaintext.ts';
export { ScriptTemplate } from './script/script-template.ts';
export { singleQuotedLines } from './script/single-quoted.ts';
export { secretLookingLines } from './script/secret-looking.ts';
export { checkDisplayName, checkSecretName, NAME_MAX_CHARACTERS, nameKey } from './secret/secret-name.ts';
export {
  isPlaceReferredTo,
  parsePlaceReference,
  parseSecretReference,
  printSecretReference,
  referenceAt,
  SECRET_KINDS,
  TEXT_MAX_BYTES,
} from './secret/secret-reference.ts';
export type { NamedPlace, PlaceReference, SecretKind, SecretReference } from './secret/secret-reference.ts';
export {
  checkFixedContext,
  encryptionContextOf,
  FIXED_CONTEXT_LIMITS,
} from './secrets-manager/encryption-context.ts';
export type { EncryptionContext, EnvelopeBinding } from './secrets-manager/encryption-context.ts';
export {
  checkAwsKmsSettings,
  checkDataKeyCache,
  CREDENTIALS_TYPES,
  DATA_KEY_CACHE_LIMITS,
  SECRETS_MANAGER_KINDS,
} from './secrets-manager/settings.ts';
export type {
  AwsKmsSettings,
  BuiltInSettings,
  Credentials,
  CredentialsType,
  DataKeyCachePolicy,
  SecretsManagerKind,
  SecretsManagerSettings,
} from './secrets-manager/settings.ts';
export {
  implicitSelectors,
  missingSelectors,
  parseSelector,
  parseSelectors,
  SELECTORS_MAX,
} from './selector/selector.ts';
export type { Selector } from './selector/selector.ts';
export type { DataKey, KeyProvider } from './key-provider/key-provider.ts';
