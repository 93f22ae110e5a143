// Public face of @sallyport/aws: key providers on AWS KMS and the preflight that tries them out, for delegates; and both sides of showing
// who one is at AWS: a workload signs a request, a delegate verifies it.
export { readAwsEnvironment } from './environment/aws-environment.ts';
export type { AwsEnvironment, EndpointOverrides } from './environment/aws-environment.ts';
export { DEFAULT_LIMITS } from './environment/limits.ts';
export type { AwsLimits, Clock } from './environment/limits.ts';
export { AwsRuntime } from './runtime/aws-runtime.ts';
export type { EffectiveIdentity } from './runtime/aws-runtime.ts';
export type { AwsAccess } from './credentials/manager-credentials.ts';
export type { CredentialSource } from './credentials/aws-identity.ts';
export type { CallerIdentity } from './sts/caller-identity.ts';
export { AUDIENCE_HEADER } from './identity/identity-request.ts';
export type { IdentityRequest } from './identity/identity-request.ts';
export { presignCallerIdentity } from './identity/presign-caller-identity.ts';
export type { PresignOptions } from './identity/presign-caller-identity.ts';
export type { VerifiedIdentity } from './identity/send-identity-request.ts';
export type { VerifyOptions } from './identity/verify-caller-identity.ts';
export type {
  PreflightOptions,
  PreflightResult,
  PreflightStage,
  PreflightStep,
  PreflightWarning,
} from './preflight/preflight-result.ts';
export { AWS_KMS_PROVIDER_ID } from './kms/key-choice.ts';
export { classifyAwsFailure } from './failure/classify.ts';
export type { AssumeRoleCall, AwsCall, IdentityCall, KmsCall, WebIdentityCall } from './failure/aws-call.ts';
