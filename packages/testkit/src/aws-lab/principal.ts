// Who makes a request, as authentication found out: an IAM user, a session of a role, or (for trust policies only) a web identity or
// an AWS service.
import type { CompiledPolicy } from './policy-document.ts';

export type UserPrincipal = {
  kind: 'user';
  arn: string;
  accountId: string;
  userName: string;
  /** `AIDA…` */
  userId: string;
  policies: readonly CompiledPolicy[];
};

export type RoleSessionPrincipal = {
  kind: 'role-session';
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, without the role's path. */
  arn: string;
  accountId: string;
  roleArn: string;
  /** `AROA…:SESSION` */
  userId: string;
  policies: readonly CompiledPolicy[];
  /** Narrows what `policies` allow; `null` when AssumeRole was given none. */
  sessionPolicy: CompiledPolicy | null;
  issuedAtMs: number;
  /** Set by whoever assumed the first role of the chain; `null` when nobody did. */
  sourceIdentity: string | null;
  /** The role's sessions up to this one were revoked: everything is denied, as AWS's "revoke active sessions" does it. */
  revoked: boolean;
};

export type ExternalPrincipal =
  | { kind: 'federated'; providerArn: string }
  | { kind: 'service'; service: string };

/** A principal that can sign requests. */
export type SigningPrincipal = UserPrincipal | RoleSessionPrincipal;
export type Principal = SigningPrincipal | ExternalPrincipal;
