// The ports to what makes key providers, one adapter for each kind of secrets manager, and to what tells who a workload is at AWS.
import type { KeyProvider, SecretsManagerId } from '@sallyport/core';
import type { IdentityRequest, VerifiedIdentity, VerifyOptions } from '@sallyport/aws';
import type { PreflightReport, PreflightStep, SecretsManagerAccess } from '@sallyport/protocol';

/** A secrets manager and everything needed to use it. */
export type SecretsManagerUse = { secretsManagerId: SecretsManagerId; access: SecretsManagerAccess };

/** A preflight to be run. */
export type PreflightUse = SecretsManagerUse & {
  signal: AbortSignal;
  /** Told of each step: to come, under way, done. */
  onStep: (step: PreflightStep) => void;
};

/** Makes key providers for one kind of secrets manager. */
export type KeyProviderSource = {
  /** A provider with these settings; its owner closes it. Calls no key service yet. */
  open(use: SecretsManagerUse): Promise<KeyProvider>;
  /** Tries everything that the product needs with these settings. What fails is in the report; only an abort throws. */
  preflight(use: PreflightUse): Promise<PreflightReport>;
  /** Ends connections; providers of it must be closed before. */
  close(): void;
};

/** Finds out from STS who signed the request of a workload. */
export type IdentityVerifier = {
  /** @throws {workload-refused} {aws-unreachable} {aws-throttled} {aws-failed} */
  verifyIdentity(request: IdentityRequest, options: VerifyOptions): Promise<VerifiedIdentity>;
};
