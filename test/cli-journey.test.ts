// The journeys of the product from the command line, against the AWS lab: a secrets manager of each credentials type, text and files
// through it, and what a person reads when AWS refuses.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stop, untilWritten, Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished, RunOptions } from '../packages/cli/test/sallyport.ts';

const MIB = 1_048_576;
const MINUTE = 60_000;

let place: Workplace;
let child: ChildProcess;
let output: string;

beforeAll(async () => {
  place = await Workplace.make();
  child = place.start(['start'], { env: { PORT: '0' } });
  output = await untilWritten(child, /Ctrl-C stops everything/);
}, MINUTE);
afterAll(async () => {
  await stop(child);
  await place[Symbol.asyncDispose]();
}, MINUTE);

const printed = (pattern: RegExp): string => pattern.exec(output)?.[1] ?? '';
/** The line that `start` prints for pasting. */
const pasted = (credentials: string): string[] =>
  printed(new RegExp(`npx sallyport (.*--credentials ${credentials}.*)`)).split(' ');
const sallyport = (words: string[], options?: RunOptions): Promise<Finished> => place.run(words, options);

/** Without `--name` and the like: the same settings with some of them changed. */
function changed(words: string[], changes: Record<string, string>): string[] {
  return words.map((word, index) => changes[words[index - 1] ?? ''] ?? word);
}

describe.each([
  ['sts-role', 'lab-role'],
  ['iam-role', 'lab-host'],
  ['access-keys', 'lab-keys'],
] as const)('with credentials type %s', (credentials, name) => {
  test(
    'the line that `start` prints adds a secrets manager, after every delegate has tried it',
    async () => {
      const secretKey = printed(/secret key, which is (\S+)/);
      const isKeys = credentials === 'access-keys';
      const words = [...pasted(credentials), ...(isKeys ? ['--secret-key-stdin'] : [])];
      const dry = await sallyport([...words, '--dry-run'], { input: secretKey });
      expect(dry.stdout).toMatch(/^Delegate local: passed$/m);
      expect(dry.stdout).toMatch(/kms:GenerateDataKey +passed/);
      expect(dry.stdout).toMatch(/kms:Decrypt +passed/);
      expect((await sallyport(['secrets-manager', 'show', name])).code).toBe(4);
      const added = await sallyport(words, { input: secretKey });
      expect([added.code, added.stdout]).toEqual([0, '']);
      expect(added.stderr).toContain(`Saved ${name}`);
      const shown = await sallyport(['secrets-manager', 'show', name, '-o', 'json']);
      expect(JSON.parse(shown.stdout)).toMatchObject({
        name,
        credentials: { type: credentials },
        isDefault: false,
      });
      expect(shown.stdout + added.stderr + dry.stdout).not.toContain(secretKey);
    },
    MINUTE,
  );

  test(
    'text and files of one byte and of 10 MiB come back as they were stored',
    async () => {
      const big = randomBytes(10 * MIB);
      await writeFile(join(place.folder, 'big'), big);
      await writeFile(join(place.folder, 'tiny'), Buffer.from([0xff]));
      const through = ['--secrets-manager', name];
      expect((await sallyport(['set', `${name}-text`, '-', ...through], { input: 'pässword' })).code).toBe(0);
      expect((await sallyport(['set', `${name}-tiny`, '--file', 'tiny', ...through])).code).toBe(0);
      expect((await sallyport(['set', `${name}-big`, '--file', 'big', ...through])).code).toBe(0);
      expect((await sallyport(['get', `${name}-text`])).stdout).toBe('pässword');
      expect((await sallyport(['get', `${name}-tiny`])).bytes).toEqual(Buffer.from([0xff]));
      expect((await sallyport(['get', `${name}-big`])).bytes.equals(big)).toBe(true);
      const history = await sallyport(['history', `${name}-big`, '-o', 'json']);
      expect(JSON.parse(history.stdout)).toMatchObject([{ version: 1, keyArn: printed(/key ARN: +(\S+)/) }]);
    },
    MINUTE,
  );

  test(
    'it can be tested, made the default, and is not deleted while it holds secrets',
    async () => {
      expect((await sallyport(['secrets-manager', 'test', name])).code).toBe(0);
      expect((await sallyport(['secrets-manager', 'set-default', name])).code).toBe(0);
      expect((await sallyport(['set', `${name}-by-default`, '-'], { input: 'x' })).code).toBe(0);
      const described = await sallyport(['describe', `${name}-by-default`, '-o', 'json']);
      expect(JSON.parse(described.stdout)).toMatchObject({ secret: { secretsManagerName: name } });
      expect((await sallyport(['secrets-manager', 'set-default', 'built-in'])).code).toBe(0);
      const refused = await sallyport(['secrets-manager', 'delete', name, '--yes']);
      expect([refused.code, refused.stderr]).toEqual([
        5,
        expect.stringMatching(/\b4\b[^]*code: secrets-manager-in-use/),
      ]);
    },
    MINUTE,
  );
});

describe('when AWS refuses', () => {
  test(
    'a wrong external ID fails at assume-role, lists what to check, and saves nothing',
    async () => {
      const words = changed(pasted('sts-role'), { '--external-id': 'wrong-external-id', '--name': 'wrong' });
      const { code, stdout, stderr } = await sallyport(words);
      expect([code, stdout]).toEqual([7, '']);
      expect(stderr).toMatch(/^Delegate local: FAILED$/m);
      expect(stderr).toMatch(/assume-role +sts:AssumeRole +failed/);
      expect(stderr).toMatch(/^code: preflight-failed$/m);
      expect(stderr).toMatch(/^stage: assume-role$/m);
      expect(stderr).toMatch(/external ID/i);
      expect((await sallyport(['secrets-manager', 'show', 'wrong'])).code).toBe(4);
    },
    MINUTE,
  );

  test(
    'a key that is not there fails at its stage',
    async () => {
      const arn = printed(/key ARN: +(\S+)/).replace(/key\/.*/, 'key/00000000-0000-0000-0000-000000000000');
      const words = changed(pasted('iam-role'), { '--key-arn': arn, '--name': 'wrong' });
      const { code, stderr } = await sallyport([...words, '-o', 'json']);
      expect(code).toBe(7);
      expect(JSON.parse(stderr)).toMatchObject({
        error: { code: 'preflight-failed', data: { delegate: 'local' } },
      });
    },
    MINUTE,
  );

  test('a region that is not the ARN’s is refused with both named', async () => {
    const { code, stderr } = await sallyport([...pasted('iam-role'), '--region', 'us-east-1']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/eu-west-1.*us-east-1/);
    expect(stderr).toContain('code: region-mismatch');
  });

  test('a selector that no delegate has exits with 6 and names what is missing', async () => {
    const { code, stderr } = await sallyport(
      changed(pasted('iam-role'), { '--selector': 'moon', '--name': 'far' }),
    );
    expect(code).toBe(6);
    expect(stderr).toMatch(/moon[^]*code: no-delegate/);
    expect((await sallyport(['delegate', 'explain', '--for', 'built-in'])).stdout).toMatch(/^local +yes/m);
  });
});

describe('large files', () => {
  /** Sends a file of this size there and back; gives the command's greatest memory in MiB, both ways. */
  async function thereAndBack(sizeMib: number): Promise<number[]> {
    const name = `file-${sizeMib}`;
    const value = randomBytes(sizeMib * MIB);
    await writeFile(join(place.folder, name), value);
    const report = `data:text/javascript,process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))`;
    const nodeFlags = ['--import', report];
    const up = await sallyport(['set', name, '--file', name], { nodeFlags });
    const down = await sallyport(['get', name, '--out', `${name}.out`], { nodeFlags });
    expect([up.code, down.code]).toEqual([0, 0]);
    expect((await readFile(join(place.folder, `${name}.out`))).equals(value)).toBe(true);
    return [up, down].map(({ stderr }) => Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024);
  }

  test(
    '96 MiB go up and come down as a stream: the command needs hardly more memory for them than for 16 MiB',
    // What is garbage counts until it is collected, which a busy machine puts off.
    { timeout: 2 * MINUTE, retry: 1 },
    async () => {
      const small = await thereAndBack(16);
      const large = await thereAndBack(96);
      for (const [way, peakMib] of large.entries()) {
        expect(peakMib).toBeGreaterThan(10);
        // Held in memory as a whole, it would be 80 MiB more.
        expect(peakMib - (small[way] ?? 0)).toBeLessThan(48);
      }
    },
  );
});
