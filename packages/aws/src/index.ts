// Public face of @sallyport/aws: key providers on AWS KMS, and the preflight that tries them out. Used by delegates only.
export { readAwsEnvironment } from './environment/aws-environment.ts';
export type { AwsEnvironment, EndpointOverrides } from './environment/aws-environment.ts';
export { DEFAULT_LIMITS } from './environment/limits.ts';
export type { AwsLimits, Clock } from './environment/limits.ts';
export { AwsRuntime } from './runtime/aws-runtime.ts';
export type { EffectiveIdentity } from './runtime/aws-runtime.ts';
export type { AwsAccess } from './credentials/manager-credentials.ts';
export type { CredentialSource } from './credentials/aws-identity.ts';
export type { CallerIdentity } from './sts/caller-identity.ts';
export type {
  PreflightOptions,
  PreflightResult,
  PreflightStage,
  PreflightWarning,
} from './preflight/preflight-result.ts';
export { AWS_KMS_PROVIDER_ID } from './kms/key-choice.ts';
export { classifyAwsFailure } from './failure/classify.ts';
export type { AssumeRoleCall, AwsCall, IdentityCall, KmsCall, WebIdentityCall } from './failure/aws-call.ts';
