// Sources of imports: every form of every tool comes to the same rows, byte for byte, and what is wrong is said without showing a value.
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startMoto, whyNoMoto } from '@sallyport/testkit';
import type { FileFormat } from '../src/import/parse-files.ts';
import { formatOf, parseFile } from '../src/import/parse-files.ts';
import { nameRows } from '../src/import/name-rows.ts';
import { parseCsv } from '../src/import/parse-csv.ts';

const motoMissing = whyNoMoto();

/** Rows as `path → text`. */
async function read(format: FileFormat, text: string, expand = false): Promise<Record<string, string>> {
  const rows = await parseFile(Buffer.from(text), { format, what: 'The file', expand });
  return Object.fromEntries(rows.map(({ path, value }) => [path.join('/'), Buffer.from(value).toString()]));
}

test('the format is told by the name of the file', () => {
  expect(
    ['.env', '.env.prod', 'a/shop.env', 'x.json', 'x.YAML', 'x.yml', 'x.csv', 'x', 'env'].map(formatOf),
  ).toEqual(['dotenv', 'dotenv', 'dotenv', 'json', 'yaml', 'yaml', 'csv', null, null]);
});

describe('JSON', () => {
  test('numbers are the text that stood there', async () => {
    const text = '{"a": 12345678901234567890, "b": 1.10, "c": true, "d": {"e": "x", "f": 1e3}}';
    expect(await read('json', text)).toEqual({
      a: '12345678901234567890',
      b: '1.10',
      c: 'true',
      'd/e': 'x',
      'd/f': '1e3',
    });
  });

  test('Infisical’s list of keys and values is what it stands for', async () => {
    const list = [
      {
        key: 'DB_URL',
        value: 'postgres://x',
        workspace: 'w',
        type: 'shared',
        tags: [],
        secretPath: '/',
        comment: 'c',
      },
      { key: 'EMPTY', value: '', workspace: 'w', type: 'shared', tags: [], secretPath: '/', comment: '' },
    ];
    expect(await read('json', JSON.stringify(list))).toEqual({ DB_URL: 'postgres://x', EMPTY: '' });
  });

  test('Doppler’s two forms come to the same', async () => {
    const flat = { API_KEY: 'abc', DOPPLER_CONFIG: 'prd' };
    const object = (computed: string) => ({
      computed,
      computedVisibility: 'masked',
      note: '',
      raw: computed,
      rawVisibility: 'masked',
    });
    const full = { API_KEY: object('abc'), DOPPLER_CONFIG: object('prd') };
    expect(await read('json', JSON.stringify(full))).toEqual(await read('json', JSON.stringify(flat)));
  });

  test('a key that is called __proto__ is a key', async () => {
    expect(await read('json', '{"__proto__": {"a": "x"}}')).toEqual({ '__proto__/a': 'x' });
  });
});

describe('YAML', () => {
  test('what is not quoted is the text that stood there', async () => {
    const text =
      'port: 5432\nratio: 1.10\nzip: 01234\nflag: no\nday: 2026-11-24\nhex: 0x1F\nnested:\n  key: "a\\nb"\n  list: [x, 2]\n';
    expect(await read('yaml', text)).toEqual({
      port: '5432',
      ratio: '1.10',
      zip: '01234',
      flag: 'no',
      day: '2026-11-24',
      hex: '0x1F',
      'nested/key': 'a\nb',
      'nested/list/0': 'x',
      'nested/list/1': '2',
    });
  });

  test('blocks, anchors and binaries are what they mean', async () => {
    const text =
      'pem: |\n  line 1\n  line 2\nfolded: >-\n  a\n  b\nbase: &b secret\nsame: *b\nbytes: !!binary "/wA="\n';
    const rows = await parseFile(Buffer.from(text), { format: 'yaml', what: 'The file', expand: false });
    const values = Object.fromEntries(rows.map(({ path, value }) => [path.join('/'), Buffer.from(value)]));
    expect(values['pem']?.toString()).toBe('line 1\nline 2\n');
    expect(values['folded']?.toString()).toBe('a b');
    expect(values['same']?.toString()).toBe('secret');
    expect(values['bytes']).toEqual(Buffer.from([0xff, 0]));
  });

  test('any text in JSON’s quotes comes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), async (values) => {
        const entries = Object.entries(values);
        fc.pre(entries.every(([key]) => !key.includes('/') && key !== '<<') && entries.length > 0);
        expect(await read('yaml', JSON.stringify(values))).toEqual({ ...values });
      }),
      { numRuns: 200 },
    );
  });

  test('a mapping that contains itself is refused', async () => {
    await expect(read('yaml', 'a: &a\n  b: *a\n')).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('CSV', () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', 'ü', '"', ',', '\n', '\r\n', ' ', "'", ';'),
    maxLength: 8,
  });

  test('any cells in quotes come back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,5}$/), cell), { minLength: 1 }), (pairs) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = pairs.map((pair) => pair.map((one) => quoted(one)).join(',')).join('\r\n');
        const rows = parseCsv(`Name,Value\n${text}\n`, 'it');
        expect(rows.map(({ path, value }) => [path[0], Buffer.from(value).toString()])).toEqual(pairs);
      }),
    );
  });

  test('without a heading, a third column is a path', async () => {
    expect(await read('csv', 'db,one\ndb,two,/shop/prod\n')).toEqual({ db: 'one', 'shop/prod/db': 'two' });
  });

  test.each(['a\n', 'a,"b', 'a,"b"c\n'])('%j is refused with its line', async (text) => {
    await expect(read('csv', `x,y\n${text}`)).rejects.toThrow(/Line 2 of The file/);
  });
});

test('what sops has encrypted is not stored as if it were a value', async () => {
  const text = 'password: ENC[AES256_GCM,data:p673w==,iv:YY=,tag:UD9=,type:str]\nsops:\n  version: 3.9.0\n';
  await expect(read('yaml', text)).rejects.toThrow(/sops -d/);
});

test.each([
  ['json', '{"token": "s3cret", oops}'],
  ['yaml', 'token: "s3cret\noops: ['],
  ['dotenv', 'TOKEN="s3cret'],
  ['csv', 'token,"s3cret'],
  ['aws', '{"token": "s3cret"}'],
  ['json', '"s3cret"'],
] as const)('a damaged file (%s) is refused without a word of what is in it', async (format, text) => {
  const refused = read(format, text);
  await expect(refused).rejects.toMatchObject({ code: 'config-invalid' });
  await expect(refused).rejects.toThrow(expect.not.stringMatching(/s3cret|oops/));
});

describe('names', () => {
  const rows = (...paths: string[][]) => paths.map((path) => ({ path, value: Buffer.from('x') }));
  const naming = { join: '-', prefix: '', strip: '' };

  test('keys are joined, stripped and prefixed in this order', () => {
    const [row] = nameRows(rows(['shop', 'prod', 'db']), { join: '.', strip: 'shop.', prefix: 'my-' });
    expect(row).toMatchObject({ source: 'shop/prod/db', name: 'my-prod.db', problem: null });
  });

  test('two that come to one name are both problems, whatever their letter case', () => {
    const named = nameRows(rows(['a', 'b'], ['A-b'], ['c']), naming);
    expect(named.map(({ problem }) => problem !== null)).toEqual([true, true, false]);
  });

  test('names that cannot be and values that are empty are problems of their rows', () => {
    const named = nameRows(
      [...rows(['_A'], ['a@b'], ['good']), { path: ['empty'], value: Buffer.alloc(0) }],
      naming,
    );
    expect(named.map(({ problem }) => problem?.split(':')[0] ?? null)).toEqual([
      'its name is not valid',
      'its name is not valid',
      null,
      'its value is empty',
    ]);
  });

  test('bytes that are no text, and texts above 1 MiB, are files', () => {
    const given = [Buffer.from('text'), Buffer.from([0xff]), Buffer.alloc(1_048_577, 'a')];
    const named = nameRows(
      given.map((value, index) => ({ path: [`v${index}`], value })),
      naming,
    );
    expect(named.map(({ kind }) => kind)).toEqual(['text', 'file', 'file']);
  });
});

describe('AWS', () => {
  test.skipIf(motoMissing !== null)(
    'what Secrets Manager and SSM answer is read, text and binary',
    async () => {
      const moto = await startMoto();
      const call = async (target: string, body: unknown): Promise<string> => {
        const service = target.startsWith('secretsmanager') ? 'secretsmanager' : 'ssm';
        const response = await fetch(moto.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': target,
            authorization: `AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
          },
          body: JSON.stringify(body),
        });
        const text = await response.text();
        expect(response.status, text).toBe(200);
        return text;
      };
      const bytes = randomBytes(16);
      const token = (ClientRequestToken: string) => ({
        ClientRequestToken: ClientRequestToken.padEnd(36, '0'),
      });
      await call('secretsmanager.CreateSecret', {
        Name: 'shop/db',
        SecretString: '{"user":"app","port":5432}',
        ...token('a'),
      });
      await call('secretsmanager.CreateSecret', {
        Name: 'shop/key',
        SecretBinary: bytes.toString('base64'),
        ...token('b'),
      });
      const batch = await call('secretsmanager.BatchGetSecretValue', {
        SecretIdList: ['shop/db', 'shop/key'],
      });
      expect(await read('aws', batch)).toMatchObject({ 'shop/db': '{"user":"app","port":5432}' });
      expect(await read('aws', batch, true)).toMatchObject({ 'shop/db/user': 'app', 'shop/db/port': '5432' });
      const rows = await parseFile(Buffer.from(batch), { format: 'aws', what: 'it', expand: false });
      expect(rows.find(({ path }) => path.includes('key'))?.value).toEqual(bytes);
      expect(
        await read('aws', await call('secretsmanager.GetSecretValue', { SecretId: 'shop/db' })),
      ).toHaveProperty('shop/db');

      await call('AmazonSSM.PutParameter', { Name: '/shop/prod/url', Type: 'String', Value: 'https://x' });
      await call('AmazonSSM.PutParameter', { Name: '/shop/prod/pw', Type: 'SecureString', Value: 'geheim' });
      const path = { Path: '/shop', Recursive: true, WithDecryption: true };
      expect(await read('aws', await call('AmazonSSM.GetParametersByPath', path))).toEqual({
        'shop/prod/url': 'https://x',
        'shop/prod/pw': 'geheim',
      });
      await moto.stop();
    },
    60_000,
  );

  test('parameters that came encrypted are refused', async () => {
    const Value = `AQICAHh${'a'.repeat(80)}=`;
    const answer = { Parameters: [{ Name: '/a', Type: 'SecureString', Value }] };
    await expect(read('aws', JSON.stringify(answer))).rejects.toThrow(/still encrypted/);
  });
});
