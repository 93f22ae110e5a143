// Credentials as they are passed around in this package: what signs requests, and where it came from.

/** What signs requests. Structurally what the SDK takes. Never put in messages, logs or errors. */
export type AwsIdentity = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Left out: does not expire. */
  readonly expiration?: Date;
};

/** Where credentials came from. */
export type CredentialSource =
  | 'profile'
  | 'environment'
  | 'web-identity'
  | 'container'
  | 'instance-profile'
  | 'access-keys'
  | 'assumed-role';

/** Credentials with their origin. */
export type SourcedCredentials = {
  readonly identity: AwsIdentity;
  readonly source: CredentialSource;
  /**
   * Set on credentials that stand for a role to be assumed: whether they are the host's own, because the host already is that
   * role.
   */
  readonly isOwnRole?: boolean;
};

/**
 * A provider as the SDK calls it. `memoized` tells the SDK not to put a cache of its own in front, which would refresh at the
 * wrong times.
 */
export type CredentialProvider = ((options?: { forceRefresh?: boolean }) => Promise<AwsIdentity>) & {
  memoized: boolean;
};
