// Evaluates policies by AWS's rules: an explicit deny wins; otherwise what counts is who allowed it. The rules of KMS are followed
// where they differ from other services': an identity policy counts only when the key policy delegates to the account.
import type { CompiledPolicy, CompiledStatement } from './policy-document.ts';
import { matchArn, matchWildcard } from './match-wildcard.ts';
import type { ConditionContext } from './policy-condition.ts';
import type { Principal, SigningPrincipal } from './principal.ts';

/** What is asked for. */
export type AccessRequest = {
  principal: Principal;
  /** E.g. `kms:Decrypt`. */
  action: string;
  /** ARN of the resource, or `*` for actions that have none. */
  resourceArn: string;
  /** Account of the resource; the principal's own for actions that have none. */
  resourceAccountId: string;
  /** Key policy or trust policy; `null` for actions that have no resource. */
  resourcePolicy: CompiledPolicy | null;
  context: ConditionContext;
};

/** Which kind of policy stood in the way, and whether it said so (`explicit`) or merely did not allow it. */
export type Denial = { by: 'identity' | 'session' | 'resource'; explicit: boolean };

/** Decides a request; `null` means allowed. */
export function evaluateAccess(request: AccessRequest): Denial | null {
  const { principal } = request;
  const identity = 'policies' in principal ? principal.policies : [];
  const session = principal.kind === 'role-session' ? principal.sessionPolicy : null;
  if (principal.kind === 'role-session' && principal.revoked) return { by: 'identity', explicit: true };
  if (identity.some((policy) => says('Deny', policy, request))) return { by: 'identity', explicit: true };
  if (session !== null && says('Deny', session, request)) return { by: 'session', explicit: true };
  const granted = resourceGrant(request);
  if (granted === 'denied') return { by: 'resource', explicit: true };

  const identityAllows = identity.some((policy) => says('Allow', policy, request));
  const sessionAllows = session === null || says('Allow', session, request);
  if (!('accountId' in principal)) return granted === 'session' ? null : { by: 'resource', explicit: false };
  const sameAccount = principal.accountId === request.resourceAccountId;
  if (request.resourcePolicy !== null) {
    if (granted === 'none') return { by: 'resource', explicit: false };
    // The key or trust policy names this very session or user: nothing else is needed within an account.
    if (sameAccount && granted === 'session') return null;
    if (sameAccount && granted === 'role') return sessionAllows ? null : { by: 'session', explicit: false };
  }
  if (!identityAllows) return { by: 'identity', explicit: false };
  return sessionAllows ? null : { by: 'session', explicit: false };
}

/** How narrowly a resource policy names a principal: its session or user, its role (or everyone), or only its account. */
type Grant = 'session' | 'role' | 'account' | 'none';
const GRANT_ORDER: readonly Grant[] = ['session', 'role', 'account', 'none'];

function resourceGrant(request: AccessRequest): Grant | 'denied' {
  let best: Grant = 'none';
  for (const statement of request.resourcePolicy?.statements ?? []) {
    const named = grantTo(request.principal, statement);
    if (named === 'none' || !applies(statement, request)) continue;
    if (statement.effect === 'Deny') return 'denied';
    if (GRANT_ORDER.indexOf(named) < GRANT_ORDER.indexOf(best)) best = named;
  }
  return best;
}

function grantTo(principal: Principal, statement: CompiledStatement): Grant {
  const { principals } = statement;
  if (principals === null) return 'none';
  if (principal.kind === 'federated')
    return principals.federated.includes(principal.providerArn) ? 'session' : 'none';
  if (principal.kind === 'service')
    return principals.services.includes(principal.service) ? 'session' : 'none';
  if (principals.aws.includes(principal.arn)) return 'session';
  if (principals.everyone) return 'role';
  if (principal.kind === 'role-session' && principals.aws.includes(principal.roleArn)) return 'role';
  return principals.aws.some((named) => namesAccountOf(named, principal)) ? 'account' : 'none';
}

function namesAccountOf(named: string, principal: SigningPrincipal): boolean {
  if (named === principal.accountId) return true;
  const [, , service, , accountId, resource] = named.split(':');
  return service === 'iam' && accountId === principal.accountId && resource === 'root';
}

function says(effect: 'Allow' | 'Deny', policy: CompiledPolicy, request: AccessRequest): boolean {
  return policy.statements.some((statement) => statement.effect === effect && applies(statement, request));
}

function applies(statement: CompiledStatement, request: AccessRequest): boolean {
  const action = request.action.toLowerCase();
  const { actions, resources } = statement;
  if (actions.patterns.some((pattern) => matchWildcard({ pattern, text: action })) === actions.negated)
    return false;
  if (
    resources !== null &&
    resources.patterns.some((pattern) => matchArn({ pattern, arn: request.resourceArn })) ===
      resources.negated
  ) {
    return false;
  }
  return statement.conditions.every((holds) => holds(request.context));
}

const POLICY_WORDS = { identity: 'identity-based', session: 'session', resource: 'resource-based' } as const;

/** AWS's text for a refusal, e.g. `User: … is not authorized to perform: kms:Decrypt on resource: … because no identity-based policy allows …`. */
export function denialText(request: AccessRequest & { principal: SigningPrincipal }, denial: Denial): string {
  const { principal, action } = request;
  const start = `User: ${principal.arn} is not authorized to perform: ${action}`;
  if (denial.by === 'resource' && principal.accountId !== request.resourceAccountId) {
    // To another account AWS does not tell a key that is missing from one that is closed.
    return `${start} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`;
  }
  const policy = `${POLICY_WORDS[denial.by]} policy`;
  const article = denial.by === 'identity' ? 'an' : 'a';
  return denial.explicit
    ? `${start} on resource: ${request.resourceArn} with an explicit deny in ${article} ${policy}`
    : `${start} on resource: ${request.resourceArn} because no ${policy} allows the ${action} action`;
}
