// A delegate's side of reads of programs beside it, for tests: asks as a delegate asks, and knows what it was told at the handshake.
import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect } from 'vitest';
import type { RequestId } from '@sallyport/core';
import type {
  LocalGrant,
  LocalReadAnswer,
  LocalUse,
  ServerMessage,
  SignedLocalGrant,
} from '@sallyport/protocol';
import { verifyLocalGrant } from '@sallyport/protocol/local-grants';
import { fingerprintOf, publicKeyFromRaw, rawPublicKeyOf } from '@sallyport/protocol/sealing';
import { decryptFor } from './fake-vault.ts';
import { ScriptedDelegate } from './scripted-delegate.ts';
import { newRequestId } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

type Message<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

export class LocalReader {
  readonly delegate: ScriptedDelegate;
  readonly fingerprint: string;
  readonly accountId: string;
  /** Raw, base64url. */
  readonly rawGrantKey: string;
  readonly grantKey: KeyObject;

  /** @param delegate connected */
  constructor(delegate: ScriptedDelegate) {
    this.delegate = delegate;
    this.fingerprint = fingerprintOf(rawPublicKeyOf(delegate.privateKey));
    const welcome = delegate.messages.findLast(({ type }) => type === 'welcome') as Message<'welcome'>;
    this.accountId = welcome.accountId;
    this.rawGrantKey = welcome.grantKey;
    const grantKey = publicKeyFromRaw('ed25519', Buffer.from(welcome.grantKey, 'base64url'));
    if (grantKey === null) throw new Error('the server named no Ed25519 key');
    this.grantKey = grantKey;
  }

  static async connect(on: TestServer, as: { name: string; token: string }): Promise<LocalReader> {
    const delegate = new ScriptedDelegate({ name: as.name });
    expect(await delegate.connect(on.server.address, as.token)).toBeNull();
    return new LocalReader(delegate);
  }

  /** Asks, and waits for the answer to this very read. */
  async read(
    apiKey: string,
    items: string[],
    options: { purpose?: string; renewal?: boolean } = {},
  ): Promise<LocalReadAnswer> {
    const readId = newRequestId();
    const answer = this.#answerTo(readId);
    this.ask(apiKey, items, { ...options, readId });
    return answer;
  }

  ask(
    apiKey: string,
    items: string[],
    options: { purpose?: string; renewal?: boolean; readId?: RequestId } = {},
  ): void {
    const { purpose = null, renewal = false, readId = newRequestId() } = options;
    this.delegate.send({ type: 'local-read', readId, callerToken: apiKey, purpose, renewal, items });
  }

  /** The grant, as signed, that this read is answered with. */
  async signedGrantFor(apiKey: string, reference: string): Promise<SignedLocalGrant> {
    const { outcome } = await this.read(apiKey, [reference]);
    const [item] = 'items' in outcome ? outcome.items : [];
    if (item?.outcome !== 'granted') throw new Error(`not granted: ${JSON.stringify(outcome)}`);
    return item.grant;
  }

  async grantFor(apiKey: string, reference: string): Promise<LocalGrant> {
    const grant = verifyLocalGrant(await this.signedGrantFor(apiKey, reference), this.grantKey);
    if (grant === null) throw new Error('the grant is not signed by the server');
    return grant;
  }

  /** Decrypts under what the delegate was configured with. */
  open(grant: LocalGrant, envelope: Uint8Array): string {
    const known = this.delegate.configured.get(grant.secretsManagerId);
    if (known === undefined) throw new Error('granted before configured');
    return decryptFor(grant, known.access, envelope).toString();
  }

  /** Reports, and waits until the server has seen it. */
  async report(uses: readonly LocalUse[], as: { journal: string; sequence: number }): Promise<number> {
    const seen = this.delegate.next('local-uses-seen');
    this.delegate.send({ type: 'local-uses', ...as, uses });
    const { journal, sequence } = await seen;
    expect(journal).toBe(as.journal);
    return sequence;
  }

  async #answerTo(readId: RequestId): Promise<LocalReadAnswer> {
    for (;;) {
      // Several may come at once: one that was announced while nobody listened is among those that have come.
      const next = this.delegate.next('local-read-answer');
      const answer = this.delegate.messages.find(
        (message) => message.type === 'local-read-answer' && message.readId === readId,
      );
      if (answer !== undefined) return answer as LocalReadAnswer;
      await next;
    }
  }
}

export function newJournal(): string {
  return randomBytes(16).toString('base64url');
}

export function itemsOf(answer: LocalReadAnswer): Loose[] {
  expect(answer.outcome).toHaveProperty('items');
  return 'items' in answer.outcome ? answer.outcome.items : [];
}

/** What an answer comes to: the reference with `granted`, or the code of the refusal; or the code for all of it. */
export function outcomesOf(answer: LocalReadAnswer): unknown {
  if ('error' in answer.outcome) return answer.outcome.error.code;
  return Object.fromEntries(
    answer.outcome.items.map((one) => [
      one.reference,
      one.outcome === 'granted' ? 'granted' : one.error.code,
    ]),
  );
}
