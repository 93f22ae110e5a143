// The key provider against the lab: what it sends, and what it accepts back.
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { keyUsePolicy } from '@sallyport/testkit/lab';
import { generate, LabAccount, roundTrip } from './lab-account.ts';
import { AwsRuntime } from '../src/index.ts';
import { accessTo, contextOf, environmentAt, MANAGER_ID, noAbort } from './settings.ts';

const generateRequest = () => ({ context: contextOf(), signal: noAbort() });

describe('what goes to KMS', () => {
  test('the encryption context sent is the context given, for 0 to 8 fixed pairs, in both directions', async () => {
    const account = await LabAccount.start();
    const provider = account.provider(account.runtime(), account.iamRole());
    const key = fc.stringMatching(/^[a-z][a-z0-9:_.-]{0,20}$/);
    const value = fc.stringMatching(/^[\x20-\x7e]{1,40}$/);
    const pairs = fc.dictionary(key, value, { maxKeys: 8 });
    await fc.assert(
      fc.asyncProperty(pairs, fc.integer({ min: 1, max: 9 }), async (fixed, version) => {
        account.lab.resetCalls();
        const context = contextOf(version, fixed);
        const made = await provider.generateDataKey({ context, signal: noAbort() });
        const opened = await provider.unwrapDataKey({
          encrypted: [made.encrypted],
          context,
          signal: noAbort(),
        });
        expect(opened.equals(made.key)).toBe(true);
        const sent = account.lab.calls({ service: 'kms' });
        expect(sent.map(({ eventName }) => eventName)).toEqual(['GenerateDataKey', 'Decrypt']);
        for (const call of sent) expect(call.encryptionContext).toEqual({ ...context });
      }),
      { numRuns: 40 },
    );
  });

  test('a data key is 256 bits, and names the key that wrapped it', async () => {
    const account = await LabAccount.start();
    const { key, encrypted } = await generate(account.provider(account.runtime(), account.iamRole()));
    expect(key.type).toBe('secret');
    expect(key.symmetricKeySize).toBe(32);
    expect(encrypted.providerId).toBe('aws-kms');
    expect(Buffer.from(encrypted.providerInfo).toString()).toBe(account.key.arn);
  });

  test('connections are kept: twenty calls one after the other use one', async () => {
    const account = await LabAccount.start();
    let connections = 0;
    const between = createServer((socket) => {
      connections += 1;
      const onward = connect(Number(new URL(account.lab.kmsEndpoint).port), '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => [socket, onward].map((one) => one.destroy()));
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const { port } = between.address() as AddressInfo;
    const endpoints = { kms: `http://127.0.0.1:${port}`, sts: account.lab.stsEndpoint };
    const runtime = new AwsRuntime(environmentAt(endpoints, account.hostKeys));
    const provider = runtime.keyProvider(MANAGER_ID, account.iamRole());
    for (let round = 0; round < 10; round += 1) expect(await roundTrip(provider)).toBe(true);
    runtime.close();
    between.close();
    expect(connections).toBe(1);
  });

  test('KMS and STS endpoints are separate: neither sees a request that is meant for the other', async () => {
    const account = await LabAccount.start();
    const provider = account.provider(account.runtime(), account.stsRole());
    await account.lab.partition('sts');
    await expect(generate(provider)).rejects.toMatchObject({
      code: 'aws-unreachable',
      data: { stage: 'reach' },
    });
    expect(account.lab.calls(), 'nothing of STS was sent to the endpoint of KMS').toEqual([]);
  });
});

describe('what is accepted back', () => {
  test('an envelope of another secret, version or secrets manager does not open', async () => {
    const account = await LabAccount.start();
    const provider = account.provider(account.runtime(), account.iamRole());
    const { encrypted } = await generate(provider);
    const opened = provider.unwrapDataKey({
      encrypted: [encrypted],
      context: contextOf(2),
      signal: noAbort(),
    });
    await expect(opened).rejects.toMatchObject({ code: 'envelope-rejected' });
    await expect(opened).rejects.toHaveProperty('publicMessage', expect.stringContaining('does not open'));
  });

  test('every cause for which KMS does not open a data key reads the same', async () => {
    const account = await LabAccount.start();
    const other = account.lab.keys.create();
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: [account.key, other].map(({ arn }) => keyUsePolicy({ keyArn: arn })),
    });
    const runtime = account.runtime();
    const provider = account.provider(runtime, account.iamRole());
    const { encrypted } = await generate(provider);
    const { encrypted: foreign } = await generate(account.provider(runtime, account.iamRole(other.arn)));
    const flipped = Buffer.from(encrypted.ciphertext);
    flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
    const attempts = [
      { ...encrypted, ciphertext: flipped },
      // Says that it is of the manager's key, but another key wrapped it.
      { ...foreign, providerInfo: encrypted.providerInfo },
      foreign,
      { ...encrypted, providerId: 'sallyport-built-in' },
    ];
    const messages = new Set<string>();
    for (const attempt of attempts) {
      const opened = provider.unwrapDataKey({ ...generateRequest(), encrypted: [attempt] });
      const thrown: unknown = await opened.catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: 'envelope-rejected', data: {} });
      messages.add((thrown as { publicMessage: string }).publicMessage);
    }
    expect(messages.size).toBe(1);
  });

  test('a key that the secrets manager is not set to is never called, whatever an envelope says', async () => {
    const account = await LabAccount.start();
    const other = account.lab.keys.create();
    const provider = account.provider(account.runtime(), account.iamRole());
    const { encrypted } = await generate(provider);
    account.lab.resetCalls();
    const named = { ...encrypted, providerInfo: Buffer.from(other.arn) };
    const opened = provider.unwrapDataKey({ ...generateRequest(), encrypted: [named] });
    await expect(opened).rejects.toMatchObject({ code: 'envelope-rejected' });
    expect(account.lab.calls()).toEqual([]);
  });

  test('a former key still unwraps, in the region where it is', async () => {
    const account = await LabAccount.start();
    const former = account.lab.keys.create({ region: 'us-east-1' });
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: [account.key, former].map(({ arn }) => keyUsePolicy({ keyArn: arn })),
    });
    const runtime = account.runtime();
    const before = account.provider(runtime, account.iamRole(former.arn));
    const { key, encrypted } = await generate(before);
    const access = accessTo(account.key.arn, { type: 'iam-role' }, { former: [former.arn] });
    const opened = await account
      .provider(runtime, access)
      .unwrapDataKey({ ...generateRequest(), encrypted: [encrypted] });
    expect(opened.equals(key)).toBe(true);
    expect(account.lab.calls({ eventName: 'Decrypt' })).toMatchObject([
      { region: 'us-east-1', keyArn: former.arn },
    ]);
  });

  test('a data key of a multi-region key is unwrapped by the replica in the region of the secrets manager', async () => {
    const account = await LabAccount.start();
    const primary = account.lab.keys.create({ region: 'us-east-1', multiRegion: true });
    const replica = account.lab.keys.replicate({ arn: primary.arn, region: 'eu-west-1' });
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: [primary, replica].map(({ arn }) => keyUsePolicy({ keyArn: arn })),
    });
    const runtime = account.runtime();
    const { key, encrypted } = await generate(account.provider(runtime, account.iamRole(primary.arn)));
    const here = account.provider(runtime, account.iamRole(replica.arn));
    const opened = await here.unwrapDataKey({ ...generateRequest(), encrypted: [encrypted] });
    expect(opened.equals(key)).toBe(true);
    expect(account.lab.calls({ eventName: 'Decrypt' })).toMatchObject([
      { region: 'eu-west-1', keyArn: replica.arn },
    ]);
  });

  test('an alias that is retargeted changes nothing: the pinned key is called', async () => {
    const account = await LabAccount.start();
    const other = account.lab.keys.create();
    const aliasArn = account.lab.keys.setAlias({ name: 'alias/secrets', arn: other.arn });
    const access = accessTo(aliasArn, { type: 'iam-role' }, { pinned: account.key.arn });
    expect(await roundTrip(account.provider(account.runtime(), access))).toBe(true);
    expect(account.lab.calls({ keyArn: other.arn })).toEqual([]);
  });

  test('an alias that was never resolved makes no key provider', async () => {
    const account = await LabAccount.start();
    const aliasArn = account.lab.keys.setAlias({ name: 'alias/secrets', arn: account.key.arn });
    const open = () => account.runtime().keyProvider('sm_x' as never, account.iamRole(aliasArn));
    expect(open).toThrow(expect.objectContaining({ code: 'invalid-key-arn' }));
  });

  test('data keys of before a rotation still open', async () => {
    const account = await LabAccount.start();
    const provider = account.provider(account.runtime(), account.iamRole());
    const { key, encrypted } = await generate(provider);
    account.lab.keys.rotate(account.key.arn);
    const opened = await provider.unwrapDataKey({ ...generateRequest(), encrypted: [encrypted] });
    expect(opened.equals(key)).toBe(true);
    expect(await roundTrip(provider)).toBe(true);
  });
});
