// The condition keys that AWS knows about every request, whatever the service. Services add their own (`kms:…`, `sts:…`).
import type { SigningPrincipal } from './principal.ts';

export type RequestFacts = {
  principal: SigningPrincipal;
  region: string;
  nowMs: number;
  /** Address of the caller's socket. */
  sourceAddress: string;
};

/** Condition keys in lower case with their values. */
export function globalContext(facts: RequestFacts): Map<string, string[]> {
  const { principal, region, nowMs, sourceAddress } = facts;
  const isSession = principal.kind === 'role-session';
  const context = new Map<string, string[]>([
    ['aws:principalarn', [isSession ? principal.roleArn : principal.arn]],
    ['aws:principalaccount', [principal.accountId]],
    ['aws:principaltype', [isSession ? 'AssumedRole' : 'User']],
    ['aws:userid', [principal.userId]],
    ['aws:requestedregion', [region]],
    ['aws:sourceip', [sourceAddress]],
    // The loopback connection stands in for TLS: policies that demand it must not fail on the lab.
    ['aws:securetransport', ['true']],
    ['aws:viaawsservice', ['false']],
    ['aws:principalisawsservice', ['false']],
    ['aws:currenttime', [new Date(nowMs).toISOString()]],
    ['aws:epochtime', [String(Math.floor(nowMs / 1000))]],
  ]);
  if (isSession) {
    context.set('aws:tokenissuetime', [new Date(principal.issuedAtMs).toISOString()]);
    context.set('aws:multifactorauthpresent', ['false']);
    if (principal.sourceIdentity !== null) context.set('aws:sourceidentity', [principal.sourceIdentity]);
  } else {
    context.set('aws:username', [principal.userName]);
  }
  return context;
}
