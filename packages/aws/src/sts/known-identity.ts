// Remembers who a set of credentials is, so that AWS is asked once for each access key and not for each message that names a principal.
import type { StableCredentials } from '../credentials/stable-credentials.ts';
import type { CallerIdentity } from './caller-identity.ts';
import type { StsCalls } from './sts-calls.ts';

const SILENCE_MS = 30_000;

/** The identity of one set of credentials, whatever keys they have at the moment. */
export class KnownIdentity {
  readonly #sts: StsCalls;
  readonly #credentials: StableCredentials;
  #silentUntilMs = Number.NEGATIVE_INFINITY;
  #known: { accessKeyId: string; identity: Promise<CallerIdentity> } | null = null;

  constructor(parts: { sts: StsCalls; credentials: StableCredentials }) {
    this.#sts = parts.sts;
    this.#credentials = parts.credentials;
  }

  /** @throws what getting credentials throws, and {aws-unreachable} {aws-credentials} {aws-throttled} {aws-failed} */
  async get(): Promise<CallerIdentity> {
    const { accessKeyId } = (await this.#credentials.current()).identity;
    if (this.#known?.accessKeyId === accessKeyId) return this.#known.identity;
    const asked = { accessKeyId, identity: this.#sts.callerIdentity(null) };
    this.#known = asked;
    asked.identity.catch(() => {
      // A failure is not remembered.
      if (this.#known === asked) this.#known = null;
    });
    return asked.identity;
  }

  /** The same, with `null` for any failure: for messages that say who, if that can be found out. */
  async find(): Promise<CallerIdentity | null> {
    if (performance.now() < this.#silentUntilMs) return null;
    try {
      return await this.get();
    } catch {
      // A message is not worth a wait for STS each time.
      this.#silentUntilMs = performance.now() + SILENCE_MS;
      return null;
    }
  }
}
