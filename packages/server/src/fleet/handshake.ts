// The first messages on a delegate's socket: challenge, proof of identity, admission. Until it is through, the other end is a
// stranger and gets little time and little memory.
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { AppError, isAppError } from '@sallyport/core';
import { challengeBytes, DELEGATE_PROTOCOL_VERSION, DelegateMessage, toWireError } from '@sallyport/protocol';
import type { ServerMessage } from '@sallyport/protocol';
import { verifySealingOffer } from '@sallyport/protocol/sealing';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import type { IdSource } from '../id-source.ts';
import type { GrantKey } from '../local-reads/grant-key.ts';
import type { StartProfiles } from '../delegate-profiles/start-profiles.ts';
import type { LocalReads } from '../local-reads/local-reads.ts';
import type { Store } from '../storage/store.ts';
import { admit, checkIdentify } from './admission.ts';
import type { Identify } from './admission.ts';
import { identityInUse } from './connected-delegates.ts';
import type { ConnectedDelegates } from './connected-delegates.ts';
import { DelegateConnection } from './delegate-connection.ts';
import type { SealingOffer } from './delegate-connection.ts';

export type HandshakeServices = {
  store: Store;
  clock: Clock;
  ids: IdSource;
  background: BackgroundWork;
  delegates: ConnectedDelegates;
  accountId: string;
  grantKey: Pick<GrantKey, 'publicKey'>;
  localReads: LocalReads;
  startProfiles: StartProfiles;
};

const CHALLENGE_BYTES = 32;
const POLICY_VIOLATION = 1008;

/** Enough of any version's `identify` to tell which version it is. */
const AnyIdentify = z.looseObject({ type: z.literal('identify'), protocolVersion: z.number() });

/**
 * Runs the handshake to its end; resolves to null when the delegate was refused, which it has then been told.
 * @param firstMessage resolves to the delegate's first message; null: none came in time, or too much
 */
export async function shakeHands(
  socket: WebSocket,
  firstMessage: Promise<string | null>,
  services: HandshakeServices,
): Promise<DelegateConnection | null> {
  const challenge = randomBytes(CHALLENGE_BYTES);
  const send = (message: ServerMessage): void => {
    socket.send(JSON.stringify(message));
  };
  send({
    type: 'hello',
    protocolVersion: DELEGATE_PROTOCOL_VERSION,
    challenge: challenge.toString('base64url'),
  });
  const message = await firstMessage;
  if (message === null) {
    socket.terminate();
    return null;
  }
  try {
    const identify = checkIdentify(readIdentify(message));
    checkSignature(identify, challenge);
    const connection = await connect(identify, socket, services);
    const { accountId, grantKey } = services;
    send({ type: 'welcome', delegateId: connection.id, accountId, grantKey: grantKey.publicKey });
    return connection;
  } catch (thrown) {
    send({ type: 'refused', error: toWireError(thrown) });
    socket.close(POLICY_VIOLATION, thrown instanceof AppError ? thrown.code : 'internal');
    if (isAppError(thrown)) return null;
    throw thrown;
  }
}

async function connect(
  identify: Identify,
  socket: WebSocket,
  services: HandshakeServices,
): Promise<DelegateConnection> {
  const { store, clock, ids, delegates } = services;
  const checkOffer = (offer: SealingOffer): string =>
    verifySealingOffer(offer, { nowMs: clock.nowMs() }).fingerprint;
  const fingerprint = checkOffer(identify.offer);
  if (identify.offer.identityKey !== identify.identityKey || identify.offer.name !== identify.name) {
    throw new AppError('delegate-untrusted', {
      publicMessage: 'The sealing key is offered under another identity or name than the delegate gave.',
    });
  }
  await endDeadTwin(identify, delegates);
  const row = await store.write(async (tables) =>
    admit(tables, identify, { nowMs: clock.nowMs(), fingerprint, ids }),
  );
  const connection = new DelegateConnection(row, {
    socket,
    clock,
    offer: identify.offer,
    runsScripts: identify.runsScripts,
    events: {
      checkOffer,
      local: (from, message) => {
        services.localReads.received(from, message);
      },
      begunProfiles: (from, begun) => {
        services.startProfiles.connected(from, begun);
      },
      closed: (closed) => {
        services.startProfiles.disconnected(closed);
        ended(closed, services);
      },
    },
  });
  delegates.add(connection);
  return connection;
}

/** A connection of the same identity that no longer answers makes room; one that answers stays. */
async function endDeadTwin(identify: Identify, delegates: ConnectedDelegates): Promise<void> {
  const twin = delegates.findByIdentityKey(identify.identityKey);
  if (twin === null) return;
  if (await twin.isAlive()) throw identityInUse(identify.name);
  twin.drop();
}

function ended(connection: DelegateConnection, services: HandshakeServices): void {
  const { store, background, delegates } = services;
  delegates.delete(connection);
  background.start('note when a delegate was last seen', async () => {
    await store.write(async (tables) => {
      const row = await tables.delegates.findByIdentityKey(connection.identityKey);
      // It may have been removed meanwhile, and must not come back by this.
      if (row?.id === connection.id) {
        await tables.delegates.save({ ...row, lastSeenAtMs: connection.lastHeardAtMs });
      }
    });
  });
}

function readIdentify(text: string): Identify {
  const json = parseJson(text);
  const any = AnyIdentify.safeParse(json);
  if (any.success && any.data.protocolVersion !== DELEGATE_PROTOCOL_VERSION) {
    throw new AppError('protocol-version-unsupported', {
      publicMessage: `This server speaks version ${DELEGATE_PROTOCOL_VERSION} of the delegate protocol, the delegate version ${any.data.protocolVersion}.`,
    });
  }
  const parsed = DelegateMessage.safeParse(json);
  if (parsed.success && parsed.data.type === 'identify') return parsed.data;
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  const where =
    issue === undefined ? '' : ` (${issue.path.join('.').slice(0, 100)}: ${issue.message.slice(0, 200)})`;
  throw new AppError('invalid-request', {
    publicMessage: `The first message of a delegate must be a valid "identify"${where}.`,
  });
}

/** RFC 8032 Ed25519 over the challenge. @throws {unauthenticated} */
function checkSignature(identify: Identify, challenge: Uint8Array): void {
  const raw = Buffer.from(identify.identityKey, 'base64url');
  const signature = Buffer.from(identify.signature, 'base64url');
  if (raw.toString('base64url') === identify.identityKey && isSignedBy(raw, signature, identify, challenge)) {
    return;
  }
  throw new AppError('unauthenticated', {
    publicMessage: 'The delegate did not prove that it holds its identity key.',
  });
}

function isSignedBy(raw: Buffer, signature: Buffer, identify: Identify, challenge: Uint8Array): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
    const signed = challengeBytes({ challenge, identityKey: raw, token: identify.token });
    return verify(null, signed, key, signature);
  } catch {
    // Not a point on the curve, or not 32 bytes.
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
