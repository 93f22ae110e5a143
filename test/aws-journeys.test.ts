// The main journey on each stand-in for AWS: a secrets manager of each credentials type, text and file written and read through a
// delegate in a process of its own that reaches the server only outbound.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoMoto } from '@sallyport/testkit';
import { CREDENTIALS_TYPES, labTarget, motoTarget, settingsFor } from './harness/aws-targets.ts';
import type { AwsTarget } from './harness/aws-targets.ts';
import { Deployment, pieces } from './harness/deployment.ts';

const MIB = 1_048_576;
const motoMissing = whyNoMoto();
const targets = [
  { name: 'lab', start: labTarget, skip: null },
  { name: 'moto', start: motoTarget, skip: motoMissing },
];

describe.each(targets)('on $name', ({ start, skip }) => {
  describe.skipIf(skip !== null)(skip ?? 'with each credentials type', () => {
    let target: AwsTarget;
    let deployment: Deployment;

    beforeAll(async () => {
      target = await start();
      deployment = await Deployment.start();
      await deployment.startDelegate({
        name: 'vpc-1',
        selectors: ['prod-vpc'],
        environment: target.environment,
      });
    }, 60_000);

    afterAll(async () => {
      await deployment?.close();
      await target?.close();
    });

    test.each(CREDENTIALS_TYPES)(
      '%s: add, test, write and read text and file, add a version, read the old one',
      async (type) => {
        const { client } = deployment;
        const settings = { ...settingsFor(target, type, ['prod-vpc']), context: { stage: 'prod' } };
        const saved = await client.call('createSecretsManager', { body: { name: type, settings } });
        expect(saved.preflight?.ok).toBe(true);
        const tested = await client.call('testSecretsManager', { params: { secretsManager: type } });
        expect(tested.ok).toBe(true);
        const options = { secretsManager: type };
        await client.set(`${type}-text`, 'first', options);
        await client.set(`${type}-text`, 'second');
        expect(await client.get(`${type}-text`)).toBe('second');
        expect(await client.get(`${type}-text@1`)).toBe('first');
        await expect(client.upload(`${type}-empty`, pieces(), options)).rejects.toMatchObject({
          code: 'empty-value',
        });
        for (const size of [1, 10 * MIB]) {
          const file = randomBytes(size);
          file[0] = 0xff;
          await client.upload(`${type}-${size}`, pieces(file), options);
          expect(Buffer.from(await client.getBytes(`${type}-${size}`)).equals(file)).toBe(true);
        }
        const { secret, versions } = await client.describe(`${type}-text`);
        expect(secret).toMatchObject({ version: 2, secretsManagerName: type });
        expect(versions.map((version) => version.keyArn)).toEqual([target.keyArn, target.keyArn]);
      },
    );

    test('64 MiB pass through under a KMS key', async () => {
      const part = randomBytes(MIB);
      const { client } = deployment;
      await client.upload('large', pieces(...Array<Uint8Array>(64).fill(part)), {
        secretsManager: 'iam-role',
      });
      let chunks = 0;
      let rest = Buffer.alloc(0);
      for await (const chunk of await client.download('large')) {
        rest = Buffer.concat([rest, chunk]);
        for (; rest.length >= MIB; rest = rest.subarray(MIB)) {
          expect(rest.subarray(0, MIB).equals(part)).toBe(true);
          chunks += 1;
        }
      }
      expect([chunks, rest.length]).toEqual([64, 0]);
    }, 60_000);

    test('a rename needs no delegate, and the default moves', async () => {
      const { client } = deployment;
      const { secretsManagers } = await client.call('listSecretsManagers', {});
      expect(secretsManagers.filter((manager) => manager.isDefault)).toHaveLength(1);
      await deployment.delegates.get('vpc-1')?.stop();
      await client.call('editSecretsManager', {
        params: { secretsManager: 'sts-role' },
        body: { name: 'renamed' },
      });
      await client.call('makeDefaultSecretsManager', { params: { secretsManager: 'renamed' } });
      const after = await client.call('listSecretsManagers', {});
      expect(
        after.secretsManagers.filter((manager) => manager.isDefault).map((manager) => manager.name),
      ).toEqual(['renamed']);
    });
  });
});
