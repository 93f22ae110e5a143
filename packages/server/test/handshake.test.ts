// Who is admitted as a delegate: identity, token, approval, revocation, and what a stranger may cost.
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { generateKeyPairSync } from 'node:crypto';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DELEGATE_CONNECT_PATH } from '@sallyport/protocol';
import { ManualClock } from './manual-clock.ts';
import { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, resolve, startTestServer, until, write } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  on = await startTestServer({ dependencies: { clock } });
});
afterEach(async () => {
  await on.end();
});

async function newToken(body: object): Promise<{ id: string; value: string }> {
  const answer = await on.call('POST', '/v1/delegate-tokens', body);
  expect(answer.status).toBe(201);
  return { id: answer.body.token.id, value: answer.body.value };
}

async function stateOf(delegate: ScriptedDelegate): Promise<string> {
  const { body } = await on.call('GET', '/v1/delegates');
  return body.delegates.find((one: Loose) => one.id === delegate.delegateId).state;
}

describe('a token', () => {
  test('admits a delegate once; afterwards its identity alone does', async () => {
    const first = await on.delegate({ name: 'edge-1' });
    const { id } = { id: first.delegateId };
    await first.disconnect();
    const again = new ScriptedDelegate({ name: 'edge-1', privateKey: first.privateKey });
    expect(await again.connect(on.server.address, null)).toBeNull();
    expect(again.delegateId).toBe(id);
    await again.disconnect();
  });

  test('that is missing or unknown admits nobody', async () => {
    const stranger = new ScriptedDelegate();
    expect(await stranger.connect(on.server.address, null)).toMatchObject({ code: 'delegate-token-invalid' });
    const guesser = new ScriptedDelegate();
    expect(await guesser.connect(on.server.address, `${on.token.slice(0, -1)}~`)).toMatchObject({
      code: 'delegate-token-invalid',
    });
    expect((await on.call('GET', '/v1/delegates')).body.delegates).toEqual([]);
  });

  test('that has expired admits nobody new, and whom it admitted before', async () => {
    const { value } = await newToken({ name: 'short', expiresInSeconds: 60 });
    const known = new ScriptedDelegate({ name: 'known' });
    expect(await known.connect(on.server.address, value)).toBeNull();
    await known.disconnect();
    clock.advance(60_000);
    const late = new ScriptedDelegate({ name: 'late' });
    expect(await late.connect(on.server.address, value)).toMatchObject({
      code: 'delegate-token-invalid',
      message: 'The delegate token has expired.',
    });
    const back = new ScriptedDelegate({ name: 'known', privateKey: known.privateKey });
    expect(await back.connect(on.server.address, value)).toBeNull();
    await back.disconnect();
  });

  test('that is revoked disconnects its delegates at once and shuts them out until they present a new one', async () => {
    const { id, value } = await newToken({ name: 'doomed' });
    const doomed = new ScriptedDelegate({ name: 'doomed' });
    expect(await doomed.connect(on.server.address, value)).toBeNull();
    const other = await on.delegate({ name: 'other' });
    const refused = doomed.next('refused');
    const closed = doomed.closed;
    expect((await on.call('DELETE', `/v1/delegate-tokens/${id}`)).status).toBe(204);
    expect((await refused).error.code).toBe('delegate-token-revoked');
    await closed;
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    for (const token of [null, value]) {
      const back = new ScriptedDelegate({ name: 'doomed', privateKey: doomed.privateKey });
      expect(await back.connect(on.server.address, token)).toMatchObject({ code: 'delegate-token-revoked' });
    }
    const renewed = new ScriptedDelegate({ name: 'doomed', privateKey: doomed.privateKey });
    expect(await renewed.connect(on.server.address, on.token)).toBeNull();
    expect(renewed.delegateId).toBe(doomed.delegateId);
    await renewed.disconnect();
  });

  test('that is revoked lets no task through, not even one under way', async () => {
    const { id, value } = await newToken({ name: 'doomed' });
    const doomed = new ScriptedDelegate({ name: 'doomed' });
    await doomed.connect(on.server.address, value);
    await addManager(on);
    await write(on, doomed, { secret: 'x', value: '1' });
    doomed.scripts.resolve = () => 'silence';
    const asked = doomed.nextTask('resolve');
    const answer = resolve(on, doomed, ['x']);
    await asked;
    await on.call('DELETE', `/v1/delegate-tokens/${id}`);
    expectError(await answer, 'delegate-lost');
    expectError(await resolve(on, doomed, ['x']), 'delegate-not-eligible');
  });
});

describe('approval', () => {
  test('a delegate that waits for it gets no work, and gets work once approved, without reconnecting', async () => {
    const { value } = await newToken({ name: 'careful', requiresApproval: true });
    const waiting = new ScriptedDelegate({ name: 'waiting' });
    expect(await waiting.connect(on.server.address, value)).toBeNull();
    expect(await stateOf(waiting)).toBe('waiting-for-approval');
    const refused = await on.call('POST', '/v1/secrets-managers', {
      name: 'k',
      settings: { kind: 'built-in' },
    });
    expect(expectError(refused, 'no-delegate').message).toContain('waiting waits for approval');
    expect(waiting.tasks).toEqual([]);
    const approved = await on.call('POST', '/v1/delegates/waiting/approve');
    expect(approved.body.state).toBe('connected');
    expect((await on.call('POST', '/v1/delegates/waiting/approve')).status).toBe(200);
    await addManager(on);
    await waiting.disconnect();
  });
});

describe('an identity', () => {
  test('that is connected already refuses a second process', async () => {
    const first = await on.delegate({ name: 'twin' });
    const second = new ScriptedDelegate({ name: 'twin', privateKey: first.privateKey });
    expect(await second.connect(on.server.address, on.token)).toMatchObject({
      code: 'delegate-identity-in-use',
    });
    expect(first.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('whose connection no longer answers makes room for a new one', async () => {
    const dead = await on.delegate({ name: 'twin' });
    dead.socket.pause();
    const second = new ScriptedDelegate({ name: 'twin', privateKey: dead.privateKey });
    let outcome: unknown = 'none yet';
    void second.connect(on.server.address, null).then((refused) => (outcome = refused));
    await until(() => {
      clock.advance(100);
      return outcome !== 'none yet';
    });
    expect(outcome).toBeNull();
    await second.disconnect();
  });

  test('that somebody else claims is refused: the signature is not by that key', async () => {
    const victim = new ScriptedDelegate({ name: 'victim' });
    const thief = new ScriptedDelegate({ name: 'victim' });
    // The attack: everything of the victim's that is public, signed by another key.
    const { identityKey, offer } = victim.identify(Buffer.alloc(32).toString('base64url'), on.token);
    thief.identify = (challenge, token) => ({
      ...ScriptedDelegate.prototype.identify.call(thief, challenge, token),
      identityKey,
      offer,
    });
    expect(await thief.connect(on.server.address, on.token)).toMatchObject({ code: 'unauthenticated' });
  });

  test('proved for another challenge or another token is not proved', async () => {
    for (const replay of ['challenge', 'token'] as const) {
      const delegate = new ScriptedDelegate();
      const old = Buffer.alloc(32, 1).toString('base64url');
      delegate.identify = (challenge, token) => {
        const honest = ScriptedDelegate.prototype.identify.bind(delegate);
        return replay === 'challenge' ? honest(old, token) : { ...honest(challenge, null), token };
      };
      expect(await delegate.connect(on.server.address, on.token)).toMatchObject({ code: 'unauthenticated' });
    }
  });
});

describe('an identify message', () => {
  test.each([
    ['another protocol version', { protocolVersion: 99 }, 'protocol-version-unsupported'],
    ['a field too many', { colour: 'red' }, 'invalid-request'],
    ['a name that is none', { name: '   ' }, 'invalid-name'],
    ['a selector that is none', { selectors: ['!!'] }, 'invalid-selector'],
    ['another name than the offer has', { name: 'somebody-else' }, 'delegate-untrusted'],
  ])('with %s is refused', async (_, change, code) => {
    const delegate = new ScriptedDelegate();
    delegate.identify = (challenge, token) => ({
      ...ScriptedDelegate.prototype.identify.call(delegate, challenge, token),
      ...change,
    });
    expect(await delegate.connect(on.server.address, on.token)).toMatchObject({ code });
  });

  test('whose sealing key has expired, or is offered by another identity, is refused', async () => {
    const expired = new ScriptedDelegate({ offerExpiresAtMs: clock.nowMs() - 1 });
    expect(await expired.connect(on.server.address, on.token)).toMatchObject({ code: 'delegate-untrusted' });
    const stranger = new ScriptedDelegate({ privateKey: generateKeyPairSync('ed25519').privateKey });
    const borrowing = new ScriptedDelegate();
    borrowing.makeOffer = () => stranger.makeOffer();
    expect(await borrowing.connect(on.server.address, on.token)).toMatchObject({
      code: 'delegate-untrusted',
    });
  });
});

describe('a stranger', () => {
  test('that says nothing is disconnected', async () => {
    const socket = new WebSocket(on.server.address.replace('http', 'ws') + DELEGATE_CONNECT_PATH);
    await once(socket, 'message');
    clock.advance(10_000);
    const [code] = await once(socket, 'close');
    expect(code).toBe(1006);
  });

  test('that says too much before it is known is disconnected', async () => {
    const socket = new WebSocket(on.server.address.replace('http', 'ws') + DELEGATE_CONNECT_PATH);
    await once(socket, 'message');
    socket.on('error', () => undefined);
    socket.send('x'.repeat(2_000_000));
    await once(socket, 'close');
  });

  test('that upgrades elsewhere is answered 404', async () => {
    const { hostname, port } = new URL(on.server.address);
    const socket = connectTcp(Number(port), hostname);
    socket.write(
      'GET /v1/elsewhere HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    const [data] = await once(socket, 'data');
    expect(String(data)).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });
});

describe('removal', () => {
  test('disconnects a delegate, and its identity needs a token to come back', async () => {
    const gone = await on.delegate({ name: 'gone' });
    const closed = gone.closed;
    expect((await on.call('DELETE', '/v1/delegates/gone')).status).toBe(204);
    await closed;
    expect((await on.call('GET', '/v1/delegates')).body.delegates).toEqual([]);
    const back = new ScriptedDelegate({ name: 'gone', privateKey: gone.privateKey });
    expect(await back.connect(on.server.address, null)).toMatchObject({ code: 'delegate-token-invalid' });
    const renewed = new ScriptedDelegate({ name: 'gone', privateKey: gone.privateKey });
    expect(await renewed.connect(on.server.address, on.token)).toBeNull();
    expect(renewed.delegateId).not.toBe(gone.delegateId);
    await renewed.disconnect();
    expectError(await on.call('DELETE', '/v1/delegates/nobody'), 'not-found');
  });
});

describe('the trail', () => {
  test('records tokens, registrations, approvals and removals', async () => {
    const { id } = await newToken({ name: 'careful', requiresApproval: true });
    await on.delegate({ name: 'one' });
    await on.call('DELETE', '/v1/delegates/one');
    await on.call('DELETE', `/v1/delegate-tokens/${id}`);
    const { body } = await on.call('GET', '/v1/audit');
    expect(body.records.map((record: Loose) => [record.action, record.resourceName])).toEqual([
      ['delegate-token.revoked', 'careful'],
      ['delegate.removed', 'one'],
      ['delegate.registered', 'one'],
      ['delegate-token.created', 'careful'],
      ['delegate-token.created', 'first'],
      ['api-key.created', 'admin'],
    ]);
  });
});
