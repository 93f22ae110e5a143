// Words for "there are no usable credentials", for every source of them.
import { AppError } from '@sallyport/core';
import type { CredentialSource } from './aws-identity.ts';

/** An `aws-credentials` error of stage `credentials`. `data.source` says which source failed. */
export function credentialsError(failure: {
  source: CredentialSource;
  publicMessage: string;
  hint: string;
  /** Whether the same may work when tried again, as with a service that did not answer. */
  retryable?: boolean;
  awsCode?: string;
  cause?: unknown;
}): AppError {
  const { source, hint, publicMessage, retryable = false, awsCode, cause } = failure;
  return new AppError('aws-credentials', {
    publicMessage,
    retryable,
    cause,
    data: { stage: 'credentials', source, hint, ...(awsCode === undefined ? {} : { awsCode }) },
  });
}
