// The two pages of single sign-on: one leads the browser to the provider, at the other it comes back. They answer with redirects only;
// whatever goes wrong ends at the sign-in page of the product, and why stands in the audit trail.
import { AppError } from '@sallyport/core';
import type { RequestId } from '@sallyport/core';
import { SSO_CALLBACK_PATH, SSO_START_PATH } from '@sallyport/protocol';
import { ANYBODY } from '../access/principal.ts';
import { SpentProofs } from '../access/spent-proofs.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { sendRedirect } from '../http/answer.ts';
import type { AnswerTo } from '../http/answer.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Visitor, Visitors } from '../http/visitor.ts';
import type { Services } from '../services.ts';
import { finishSignIn } from './finish-sign-in.ts';
import { SsoProvider, ssoFailed } from './provider.ts';
import { newSignIn, secretsOf, SIGN_IN_MAX_MS, signInCookie } from './sign-in-state.ts';
import { readSso } from './sso-settings.ts';
import type { SsoRow } from './sso-settings.ts';

type PageServices = Services & { visitors: Visitors };
type Exchange = { to: AnswerTo & { requestId: RequestId }; visitor: Visitor; scope: AuditScope };

const QUERY_MAX_CHARACTERS = 8192;

export class SsoPages {
  readonly #services: PageServices;
  readonly #provider: SsoProvider;
  readonly #spent: SpentProofs;

  constructor(services: PageServices) {
    this.#services = services;
    this.#provider = new SsoProvider(services);
    this.#spent = new SpentProofs(services.clock);
  }

  /** Answers one of the pages, and returns its status; null when the request is for neither. */
  async serve(path: string, to: AnswerTo & { requestId: RequestId }): Promise<number | null> {
    const isStart = path === SSO_START_PATH;
    if (to.request.method !== 'GET' || (!isStart && path !== SSO_CALLBACK_PATH)) return null;
    const { visitors, guesses, clock, publicAddress } = this.#services;
    const visitor = visitors.receive(to);
    const about = { principal: ANYBODY, purpose: null, requestId: to.requestId };
    const exchange = { to, visitor, scope: auditScopeOf(about, clock) };
    const guess = { account: null, address: visitor.client.address };
    try {
      if (!isStart) guesses.requireTurn(guess);
      // Counted when it has failed: a whole company may sign in at the same minute, from one address.
      await (isStart ? this.#start(exchange) : this.#finish(exchange)).catch(async (thrown: unknown) =>
        guesses.attempt(guess, async () => Promise.reject(thrown)),
      );
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      if (thrown.code === 'sso-failed') await this.#record(exchange, thrown.message);
      else if (thrown.code !== 'rate-limited') throw thrown;
      signInCookie.clear(to.response, this.#isSecure);
      return sendRedirect(to, `${publicAddress.url}/#/sign-in?error=${thrown.code}`);
    }
    return 303;
  }

  async #start({ to }: Exchange): Promise<void> {
    const { clock, rootKey, publicAddress } = this.#services;
    const sso = await this.#requireSso();
    const signIn = newSignIn({ nowMs: clock.nowMs(), settingsMs: sso.updatedAtMs });
    const secrets = secretsOf(signIn, rootKey);
    const callbackUrl = publicAddress.url + SSO_CALLBACK_PATH;
    const url = await this.#provider.startUrl(sso, { secrets, callbackUrl });
    signInCookie.set(to.response, this.#isSecure, signIn.text);
    sendRedirect(to, url.href);
  }

  async #finish({ to, visitor, scope }: Exchange): Promise<void> {
    const { clock, rootKey, publicAddress, authenticator } = this.#services;
    const sso = await this.#requireSso();
    const signIn = signInCookie.read(to.request, this.#isSecure);
    if (signIn === null) throw ssoFailed('this browser has not begun to sign in');
    const nowMs = clock.nowMs();
    if (nowMs - signIn.atMs >= SIGN_IN_MAX_MS) throw ssoFailed('it took longer than ten minutes');
    if (signIn.settingsMs !== sso.updatedAtMs) throw ssoFailed('the settings were changed meanwhile');
    const [, query = ''] = /\?(.*)$/s.exec(to.request.url ?? '') ?? [];
    if (query.length > QUERY_MAX_CHARACTERS) throw ssoFailed('the answer of the provider is too long');
    const secrets = secretsOf(signIn, rootKey);
    // Before the provider is asked: a state that does not fit must not use the sign-in up, and one that fits does so once.
    const url = new URL(`${publicAddress.url}${SSO_CALLBACK_PATH}?${query}`);
    if (url.searchParams.getAll('state').join(' ') !== secrets.state) {
      throw ssoFailed('the state is not that of a sign-in of this browser');
    }
    if (!this.#spent.spend(signIn.text, signIn.atMs + SIGN_IN_MAX_MS)) {
      throw ssoFailed('this sign-in has come to its end before');
    }
    const proved = await this.#provider.finish(sso, { secrets, url });
    const formerValue = visitor.cookie.given;
    const { client } = visitor;
    const session = await finishSignIn({ sso, proved, client, scope, formerValue }, this.#services);
    // Memberships may have changed.
    authenticator.forgetAll();
    visitor.cookie.set(session.value);
    signInCookie.clear(to.response, this.#isSecure);
    sendRedirect(to, `${publicAddress.url}/`);
  }

  get #isSecure(): boolean {
    return this.#services.publicAddress.url.startsWith('https:');
  }

  /** @throws {sso-failed} */
  async #requireSso(): Promise<SsoRow> {
    const sso = await this.#services.store.read(readSso);
    if (sso === null) throw ssoFailed('single sign-on is not set up');
    return sso;
  }

  async #record({ scope, visitor }: Exchange, reason: string): Promise<void> {
    const details = { reason, address: visitor.client.address };
    await this.#services.store.write(async ({ audit }) =>
      audit.append([auditEntry(scope, 'sso.failed', { resource: 'sso', resourceName: null, details })]),
    );
  }
}
