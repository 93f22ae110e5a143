// Operations of the API that sign people in and out.
import { checkDisplayName } from '@sallyport/core';
import type { SignedIn } from '@sallyport/protocol';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { findLink } from './one-time-links.ts';
import { redeemLink } from './redeem-link.ts';
import { endSession } from './sessions.ts';
import type { NewSession } from './sessions.ts';
import { signIn, signInForKey } from './sign-in.ts';
import type { SignInAttempt, SignInServices } from './sign-in.ts';
import type { UserRow } from './user-store.ts';

type SessionOperation = 'signIn' | 'signInForKey' | 'signOut' | 'inspectLink' | 'redeemLink';

export function sessionHandlers(
  services: SignInServices & Pick<Services, 'authenticator'>,
): Pick<Handlers, SessionOperation> {
  const { store, clock, authenticator, guesses } = services;
  return {
    signIn: async (request) => {
      const { user, password, code = null } = request.body;
      const begun = await signIn({ user, password, code }, attemptOf(request, services), services);
      if (request.cookie.given !== null) authenticator.forgetAll();
      return answer(request, begun);
    },
    signInForKey: async (request) => {
      const { user, password, code = null, keyName, expiresInSeconds } = request.body;
      const attempt = attemptOf(request, services);
      const expiresAtMs = attempt.scope.atMs + expiresInSeconds * 1000;
      const key = { name: checkDisplayName(keyName), expiresAtMs };
      const made = await signInForKey({ user, password, code, key }, attempt, services);
      return {
        userId: made.user.id,
        name: made.user.name,
        apiKeyId: made.row.id,
        value: made.value,
        expiresAtMs,
      };
    },
    signOut: async (request) => {
      const end = { value: request.cookie.given, scope: auditScopeOf(request, clock) };
      if (end.value === null) return null;
      await store.write(async (tables) => endSession(tables, end));
      authenticator.forgetAll();
      request.cookie.clear();
      return null;
    },
    inspectLink: async ({ body, client }) =>
      guesses.attempt({ account: null, address: client.address }, async () => {
        const asked = { value: body.value, nowMs: clock.nowMs() };
        const { link, user } = await store.read(async (tables) => findLink(tables, asked));
        const { purpose, expiresAtMs } = link;
        const { name = null, displayName = null } = user ?? {};
        const needsCode = user !== null && user.totp !== null;
        return { purpose, name, displayName, needsCode, expiresAtMs };
      }),
    redeemLink: async (request) => {
      const { value, password, code = null, name = null, displayName = null } = request.body;
      const given = { value, password, code, name, displayName };
      const begun = await redeemLink(given, attemptOf(request, services), services);
      authenticator.forgetAll();
      return answer(request, begun);
    },
  };
}

function attemptOf(
  request: OperationRequest<'signIn'> | OperationRequest<'signInForKey'> | OperationRequest<'redeemLink'>,
  { clock }: Pick<Services, 'clock'>,
): SignInAttempt {
  const scope = auditScopeOf(request, clock);
  return { client: request.client, scope, formerValue: request.cookie.given };
}

function answer(
  { cookie }: Pick<OperationRequest<'signIn'>, 'cookie'>,
  begun: { user: UserRow; session: NewSession },
): SignedIn {
  const { user, session } = begun;
  cookie.set(session.value);
  const { sessionId, expiresAtMs } = session;
  return { userId: user.id, name: user.name, displayName: user.displayName, sessionId, expiresAtMs };
}
