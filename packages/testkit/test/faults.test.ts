// Faults and partitions: each kind looks to the SDK as the real trouble does, lasts as long as asked, and concerns only what it names.
import { DecryptCommand, DescribeKeyCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import type { AwsLab } from '../src/aws-lab/index.ts';
import { EVERYTHING, kmsAs, openLab, refusalOf, stsAs } from './lab-world.ts';
import type { Credentials } from './lab-world.ts';

async function faultLab(): Promise<{ lab: AwsLab; admin: Credentials; keyArn: string }> {
  const lab = await openLab();
  const admin = lab.identities.createUser({ name: 'admin', policies: EVERYTHING });
  return { lab, admin, keyArn: lab.keys.create().arn };
}

describe('faults', () => {
  test('throttling comes in the words of each service, and is spent after its times', async () => {
    const { lab, admin, keyArn } = await faultLab();
    const describeKey = new DescribeKeyCommand({ KeyId: keyArn });
    const kmsFault = lab.faults.add({ service: 'kms', kind: 'throttle', times: 2 });
    lab.faults.add({ service: 'sts', kind: 'throttle', times: 1 });
    await refusalOf(kmsAs(lab, admin).send(describeKey), 'ThrottlingException');
    await refusalOf(stsAs(lab, admin).send(new GetCallerIdentityCommand({})), 'Throttling');
    await refusalOf(kmsAs(lab, admin).send(describeKey), 'ThrottlingException');
    await kmsAs(lab, admin).send(describeKey);
    expect(kmsFault.hits()).toBe(2);
    expect(lab.calls({ fault: 'throttle' })).toHaveLength(3);
  });

  test('an error carries its name and status, and the SDK retries a 500 to success', async () => {
    const { lab, admin, keyArn } = await faultLab();
    lab.faults.add({ service: 'kms', kind: 'error', code: 'KMSInternalException', times: 1 });
    await kmsAs(lab, admin, { maxAttempts: 2 }).send(new DescribeKeyCommand({ KeyId: keyArn }));
    expect(lab.calls().map(({ errorCode }) => errorCode)).toEqual(['KMSInternalException', null]);
  });

  test('a fault for one operation or one key leaves the others alone, whatever name the key is called by', async () => {
    const { lab, admin, keyArn } = await faultLab();
    const kms = kmsAs(lab, admin);
    const other = lab.keys.create().arn;
    lab.keys.setAlias({ name: 'alias/a', arn: keyArn });
    const fault = { service: 'kms', kind: 'error', code: 'DisabledException' } as const;
    const make = async (KeyId: string): Promise<Uint8Array> => {
      const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
      return made.CiphertextBlob ?? new Uint8Array();
    };
    const blob = await make(keyArn);
    const handle = lab.faults.add({ ...fault, keyId: keyArn });
    for (const KeyId of [keyArn, keyArn.split('/')[1] ?? '', 'alias/a']) {
      await refusalOf(make(KeyId), 'DisabledException');
    }
    await refusalOf(kms.send(new DecryptCommand({ CiphertextBlob: blob })), 'DisabledException');
    await make(other);
    handle.remove();
    lab.faults.add({ ...fault, operation: 'Decrypt' });
    await make(keyArn);
    await refusalOf(kms.send(new DecryptCommand({ CiphertextBlob: blob })), 'DisabledException');
    lab.faults.clear();
    await kms.send(new DecryptCommand({ CiphertextBlob: blob }));
  });

  test('a proxy’s HTML page is a SyntaxError with its status, a broken connection is a network error', async () => {
    const { lab, admin, keyArn } = await faultLab();
    const describeKey = new DescribeKeyCommand({ KeyId: keyArn });
    lab.faults.add({ service: 'kms', kind: 'html', status: 502, times: 1 });
    const page = await kmsAs(lab, admin)
      .send(describeKey)
      .catch((error: unknown) => error);
    expect(page).toMatchObject({ name: 'SyntaxError', $metadata: { httpStatusCode: 502 } });
    lab.faults.add({ service: 'kms', kind: 'reset', times: 1 });
    const broken = await kmsAs(lab, admin)
      .send(describeKey)
      .catch((error: unknown) => error);
    expect(broken).toMatchObject({ code: 'ECONNRESET' });
    expect(lab.calls().map(({ fault }) => fault)).toEqual(['html', 'reset']);
  });

  test('a call that hangs has reached the lab, gets no answer, and can be given up', async () => {
    const { lab, admin, keyArn } = await faultLab();
    lab.faults.add({ service: 'kms', kind: 'hang', times: 1 });
    const giveUp = new AbortController();
    const hanging = kmsAs(lab, admin).send(new DescribeKeyCommand({ KeyId: keyArn }), {
      abortSignal: giveUp.signal,
    });
    await expect.poll(() => lab.calls({ fault: 'hang' }).length).toBe(1);
    giveUp.abort();
    await refusalOf(hanging, 'AbortError');
  });

  test('latency delays a call that is otherwise answered', async () => {
    const { lab, admin, keyArn } = await faultLab();
    lab.faults.add({ service: 'kms', kind: 'latency', milliseconds: 60, times: 1 });
    const before = performance.now();
    await kmsAs(lab, admin).send(new DescribeKeyCommand({ KeyId: keyArn }));
    expect(performance.now() - before).toBeGreaterThan(59);
    expect(lab.calls()).toMatchObject([{ fault: 'latency', errorCode: null }]);
  });

  test('a fault of an unknown kind or service is refused', async () => {
    const { lab } = await faultLab();
    for (const fault of [
      { service: 'kms', kind: 'explode' },
      { service: 's3', kind: 'hang' },
    ]) {
      expect(() => lab.faults.add(fault as never)).toThrow(
        expect.objectContaining({ code: 'invalid-request' }),
      );
    }
  });
});

describe('partitions', () => {
  test('connections to one endpoint are refused while the others answer, until it heals on the same address', async () => {
    const { lab, admin, keyArn } = await faultLab();
    const sts = stsAs(lab, admin);
    const whoAmI = new GetCallerIdentityCommand({});
    await sts.send(whoAmI);
    await lab.partition('sts');
    const refused = await sts.send(whoAmI).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: expect.stringMatching(/^ECONN(REFUSED|RESET)$/) });
    await kmsAs(lab, admin).send(new DescribeKeyCommand({ KeyId: keyArn }));
    await lab.heal('sts');
    await sts.send(whoAmI);
  });

  test('a lab on one port serves everything there, and cannot cut off one service', async () => {
    const lab = await openLab({ port: 0 });
    expect(new Set([lab.url, lab.kmsEndpoint, lab.stsEndpoint, lab.imdsEndpoint]).size).toBe(1);
    await expect(lab.partition('kms')).rejects.toMatchObject({ code: 'invalid-request' });
    const page = await fetch(lab.url);
    expect(await page.text()).toContain('It is not AWS');
  });

  test('closing ends calls that hang', async () => {
    const lab = await openLab();
    lab.faults.add({ service: 'imds', kind: 'hang' });
    const hanging = fetch(`${lab.imdsEndpoint}/latest/api/token`, { method: 'PUT' }).catch(() => 'ended');
    await expect.poll(() => lab.calls({ fault: 'hang' }).length).toBe(1);
    await lab.close();
    expect(await hanging).toBe('ended');
  });
});
