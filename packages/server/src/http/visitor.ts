// Who knocks, before it is known who that is: the address a request comes from and the session cookie it carries, judged by the settings.
import type { PublicAddress } from '../config/public-address.ts';
import type { AnswerTo } from './answer.ts';
import { clientFacts, trustedProxies } from './client-address.ts';
import type { ClientFacts, TrustedProxies } from './client-address.ts';
import { requireSameOrigin } from './same-origin.ts';
import { sessionCookie } from './session-cookie.ts';
import type { SessionCookie } from './session-cookie.ts';

export type Visitor = { client: ClientFacts; cookie: SessionCookie };

export class Visitors {
  readonly #publicAddress: PublicAddress;
  readonly #isTrusted: TrustedProxies;

  constructor(settings: { publicAddress: PublicAddress; trustedProxies: readonly string[] }) {
    this.#publicAddress = settings.publicAddress;
    this.#isTrusted = trustedProxies(settings.trustedProxies);
  }

  /** @throws {forbidden} when another site's page sends it */
  receive(to: AnswerTo): Visitor {
    const { url } = this.#publicAddress;
    const cookie = sessionCookie(to, { isSecure: url.startsWith('https:') });
    requireSameOrigin(to.request, { carriesSession: cookie.given !== null, publicUrl: url });
    return { client: clientFacts(to.request, this.#isTrusted), cookie };
  }
}
