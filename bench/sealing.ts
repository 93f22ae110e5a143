// What sealing costs: single-shot HPKE on node:crypto against @hpke/core, and a message within a session against single-shot HPKE.
// Every operation seals 64 bytes at one end and opens them at the other.
import { generateKeyPairSync } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { ClientSession, DelegateSessions } from '@sallyport/protocol/sealing';
// HPKE is not part of the package's public face; only here and in the package's own tests is it looked at by itself.
import { generateKemKeyPair, setupReceiver, setupSender } from '../packages/protocol/src/sealing/hpke.ts';
import { measure, report } from './measure.ts';
import type { Comparison, Contender } from './measure.ts';

const CONTENT = Buffer.alloc(64, 7);
const NONE = new Uint8Array(0);
const PURPOSE = { requestId: 'req_0123456789abcdefghjkmnpq', operation: 'resolve' };

const NAMES = {
  library: '@hpke/core single shot',
  node: 'node:crypto single shot',
  newSession: 'new session, first request and answer',
  request: 'session, request only',
  exchange: 'session, request and answer',
};

function nodeSingleShot(): Contender {
  const recipient = generateKemKeyPair();
  const run = (times: number): void => {
    for (let count = 0; count < times; count += 1) {
      const sender = setupSender({ recipientPublicKey: recipient.publicKey, info: NONE });
      if (sender === null) throw new Error('set-up refused a good key');
      const sealed = sender.context.seal(CONTENT, { aad: NONE });
      const opened = setupReceiver({ recipient, enc: sender.enc, info: NONE })?.open(sealed, { aad: NONE });
      if (opened?.length !== CONTENT.length) throw new Error('what was sealed did not open');
    }
  };
  return { name: NAMES.node, run };
}

async function librarySingleShot(): Promise<Contender> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
  const recipient = await suite.kem.generateKeyPair();
  const run = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      const sealed = await suite.seal({ recipientPublicKey: recipient.publicKey }, CONTENT);
      const opened = await suite.open({ recipientKey: recipient, enc: sealed.enc }, sealed.ct);
      if (opened.byteLength !== CONTENT.length) throw new Error('what was sealed did not open');
    }
  };
  return { name: NAMES.library, run };
}

function twoEnds(): { sessions: DelegateSessions; open: () => ClientSession } {
  const identityPrivateKey = generateKeyPairSync('ed25519').privateKey;
  const sessions = new DelegateSessions({ identityPrivateKey, name: 'bench', clock: () => Date.now() });
  return { sessions, open: () => ClientSession.open(sessions.currentOffer(), { nowMs: Date.now() }) };
}

/** Renewing a session when its 10,000 messages are used belongs to the cost, and is in it. */
function inSession(name: string, { answered }: { answered: boolean }): Contender {
  const { sessions, open } = twoEnds();
  let client = open();
  const run = (times: number): void => {
    for (let count = 0; count < times; count += 1) {
      if (!client.isUsable(Date.now())) client = open();
      const request = client.sealRequest(PURPOSE, CONTENT);
      const opened = sessions.openRequest(PURPOSE, request.sealed);
      if (answered) request.openAnswer(opened.sealAnswer(CONTENT));
    }
  };
  return { name, run };
}

function sessionPerRequest(): Contender {
  const { sessions, open } = twoEnds();
  const run = (times: number): void => {
    for (let count = 0; count < times; count += 1) {
      const request = open().sealRequest(PURPOSE, CONTENT);
      request.openAnswer(sessions.openRequest(PURPOSE, request.sealed).sealAnswer(CONTENT));
    }
  };
  return { name: NAMES.newSession, run };
}

/** Measures sealing; no ratio is required of it. */
export async function benchSealing(): Promise<Comparison[]> {
  const perSecond = await measure([
    await librarySingleShot(),
    nodeSingleShot(),
    sessionPerRequest(),
    inSession(NAMES.request, { answered: false }),
    inSession(NAMES.exchange, { answered: true }),
  ]);
  const compare = (title: string, other: string): Comparison => ({
    title: `sealing 64 bytes, ${title}`,
    oursPerSecond: perSecond[title] ?? 0,
    other: { name: other, perSecond: perSecond[other] ?? Number.NaN },
  });
  return [
    compare(NAMES.node, NAMES.library),
    compare(NAMES.newSession, NAMES.node),
    compare(NAMES.request, NAMES.node),
    compare(NAMES.exchange, NAMES.node),
  ];
}

if (import.meta.main) process.exitCode = report(await benchSealing()) ? 0 : 1;
