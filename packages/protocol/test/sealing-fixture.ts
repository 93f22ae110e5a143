// A delegate and a client with a clock that tests set, for the tests of sealing.
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError } from '@sallyport/core';
import { ClientSession, DelegateSessions } from '@sallyport/protocol/sealing';
import type { DelegateSessionsOptions, MessagePurpose, SealedRequest } from '@sallyport/protocol/sealing';

export const START_MS = 1_790_000_000_000;
export const MINUTE_MS = 60_000;
export const PURPOSE: MessagePurpose = { requestId: 'req_1', operation: 'resolve' };

export const bytes = (text: string): Buffer => Buffer.from(text);

export type Pair = {
  identityPrivateKey: KeyObject;
  sessions: DelegateSessions;
  /** Moves the clock of both ends. */
  advance(milliseconds: number): void;
  nowMs(): number;
  openClient(): ClientSession;
};

export function makePair(options: Partial<DelegateSessionsOptions> = {}): Pair {
  let nowMs = START_MS;
  const identityPrivateKey = generateKeyPairSync('ed25519').privateKey;
  const clock = (): number => nowMs;
  const sessions = new DelegateSessions({ identityPrivateKey, name: 'vpc-1', clock, ...options });
  return {
    identityPrivateKey,
    sessions,
    advance: (milliseconds) => {
      nowMs += milliseconds;
    },
    nowMs: clock,
    openClient: () => ClientSession.open(sessions.currentOffer(), { nowMs }),
  };
}

/** Lets the delegate answer one request and the client open the answer; the session is established on both sides then. */
export function exchangeOnce(pair: Pair, client: ClientSession): void {
  const request = client.sealRequest(PURPOSE, bytes('hello'));
  request.openAnswer(pair.sessions.openRequest(PURPOSE, request.sealed).sealAnswer(bytes('world')));
}

/** The code with which `act` fails; fails the test when it returns, whatever it returned. */
export function codeOf(act: () => unknown): string {
  return errorOf(act).code;
}

/** The error with which `act` fails; fails the test when it returns, whatever it returned. */
export function errorOf(act: () => unknown): AppError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error('expected a refusal, but it was accepted');
}

/** Every copy of `original` with one bit changed. */
export function* bitFlips(original: Uint8Array): Generator<Buffer> {
  for (let bit = 0; bit < original.length * 8; bit += 1) {
    const flipped = Buffer.from(original);
    const index = Math.floor(bit / 8);
    flipped.writeUInt8(flipped.readUInt8(index) ^ (1 << (bit % 8)), index);
    yield flipped;
  }
}

/** Every proper prefix of `original`, the empty one included. */
export function* truncations(original: Uint8Array): Generator<Buffer> {
  for (let length = 0; length < original.length; length += 1) yield Buffer.from(original.subarray(0, length));
}

type TextField = 'session' | 'enc' | 'box';

/** Every way to damage one base64url field of a sealed request: each bit, each shorter length, one byte more, other spellings. */
export function* damagedIn(field: TextField, sealed: SealedRequest): Generator<SealedRequest> {
  const text = sealed[field] ?? '';
  const raw = Buffer.from(text, 'base64url');
  for (const damaged of [...bitFlips(raw), ...truncations(raw), Buffer.concat([raw, Buffer.from([0])])]) {
    yield { ...sealed, [field]: damaged.toString('base64url') };
  }
  for (const spelling of [`${text}=`, `${text}\n`, ` ${text}`, text.slice(0, -1), `${text}A`]) {
    yield { ...sealed, [field]: spelling };
  }
}
