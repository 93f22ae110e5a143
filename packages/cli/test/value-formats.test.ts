// Values as files for other programs: whatever is written is read back as it was, by a parser of the format where there is one.
import { spawnSync } from 'node:child_process';
import { parseEnv } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { printValues } from '../src/export/value-formats.ts';
import type { ValueFormat } from '../src/export/value-formats.ts';
import { parseDotenv } from '../src/run/parse-dotenv.ts';

const TRICKY = [
  ' a b ',
  '#x',
  'a #b',
  '$HOME',
  '${x}',
  '$$x',
  '%{if}',
  '%%{x}',
  "it's",
  '"',
  '`id`',
  '\\',
  '\\n',
  '\\b',
  '\\\\b',
  '\b',
  '\f',
  '\n',
  'a\nb\n',
  '\t',
  '\r\n',
  'no',
  'yes',
  'null',
  '~',
  '1e3',
  '0x10',
  '012',
  '1:30',
  '2026-11-24',
  '- a',
  '? a',
  'a: b',
  '{a}',
  '[a]',
  '&a',
  '*a',
  '!x',
  '|',
  '>',
  '\u0085',
  '\u2028',
  '\uFEFF',
  '\u00A0',
  '\u007F',
  '\u0000',
  '\u001B[31m',
  '😀',
  'pässwörd',
  "'\\''",
  '"$(id)"',
  '=',
  'a=b',
  '{"a":"b"}',
];
const values = fc.oneof(
  fc.constantFrom(...TRICKY),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  fc.array(fc.constantFrom(...TRICKY), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
);

const print = (format: ValueFormat, value: string | Uint8Array, name = 'db.Pass word'): string =>
  printValues(format, [{ name, bytes: Buffer.from(value as string) }], null);

/** Prints each value; what was refused is left out, the rest must come back from `read` as it was. */
function comesBack(format: ValueFormat, read: (text: string) => unknown): number {
  let written = 0;
  fc.assert(
    fc.property(values, (value) => {
      let text: string;
      try {
        text = print(format, value);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-request' });
        return;
      }
      written += 1;
      expect(read(text)).toBe(value);
    }),
    { numRuns: 1000 },
  );
  return written;
}

test('json', () => {
  expect(comesBack('json', (text) => (JSON.parse(text) as Record<string, string>)['db.Pass word'])).toBe(
    1000,
  );
});

test.each(['1.1', '1.2'] as const)('yaml, as version %s reads it', (version) => {
  const read = (text: string): unknown => parseYaml(text, { version })['db.Pass word'];
  expect(comesBack('yaml', read)).toBe(1000);
  expect(parseYaml(print('yaml', 'x', 'no'), { version })).toEqual({ no: 'x' });
  expect(parseYaml(print('yaml', 'x', '1.0'), { version })).toEqual({ '1.0': 'x' });
});

test('yaml holds bytes that are no text', () => {
  const bytes = Buffer.from([0xff, 0, 1]);
  expect(Buffer.from(parseYaml(print('yaml', bytes), { version: '1.1' })['db.Pass word'])).toEqual(bytes);
});

test('dotenv refuses what its readers take in different ways', () => {
  for (const value of ["it's $5", '${HOME}', 'C:\\', String.raw`\\\\host`]) {
    expect(() => print('dotenv', value)).toThrow(/different ways/);
  }
  expect(print('dotenv', 'two\nlines $5 \\n')).toBe("DB_PASS_WORD='two\nlines $5 \\n'\n");
});

test('dotenv, as Node reads it and as we do', () => {
  const read = (text: string): unknown => {
    expect(parseDotenv(text, 'it')).toMatchObject([{ variable: 'DB_PASS_WORD' }]);
    expect(parseDotenv(text, 'it')[0]?.text).toBe(parseEnv(text)['DB_PASS_WORD']);
    return parseEnv(text)['DB_PASS_WORD'];
  };
  expect(comesBack('dotenv', read)).toBeGreaterThan(500);
});

test('shell, as bash reads it, many at once', () => {
  const bash = (script: string): string[] => {
    const { stdout, status } = spawnSync('bash', ['-c', script], {
      encoding: 'buffer',
      env: { LC_ALL: 'C' },
    });
    expect(status).toBe(0);
    return stdout.toString('utf8').split('\0').slice(0, -1);
  };
  const some = [...TRICKY, ...fc.sample(values, 300)].filter((value) => !value.includes('\0'));
  const named = some.map((value, index) => ({ name: `v${index}`, bytes: Buffer.from(value) }));
  const script = printValues('shell', named, null);
  const show = named.map(({ name }) => `printf '%s\\0' "$${name.toUpperCase()}"`).join('\n');
  expect(bash(`${script}\n${show}`)).toEqual(named.map(({ bytes }) => bytes.toString()));
});

test('tfvars, as HCL defines its quoted templates', () => {
  const read = (text: string): string => {
    const [, quoted = ''] = /^db_Pass_word = ("[^]*")\n$/.exec(text) ?? [];
    // No expression begins in it, and all its escapes are JSON's and HCL's alike.
    expect(quoted).not.toMatch(/[$%]\{/);
    expect(quoted.replaceAll(/\\(?:[nrt"\\]|u[0-9a-f]{4})/g, '')).not.toContain('\\');
    return JSON.parse(quoted) as string;
  };
  comesBack('tfvars', read);
});

test('tfvars refuses what Terraform would make another text of', () => {
  expect(() => print('tfvars', 'e\u0301')).toThrow(/Terraform/);
  expect(print('tfvars', '\u00e9')).toBe('db_Pass_word = "\u00e9"\n');
});

describe('k8s-secret', () => {
  test('is a manifest with the bytes in base64, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const text = printValues('k8s-secret', [{ name: 'tls key', bytes }], {
          name: 'shop',
          namespace: 'prod',
        });
        const manifest = parseYaml(text);
        expect(manifest).toMatchObject({
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'Opaque',
          metadata: { name: 'shop', namespace: 'prod' },
        });
        expect(Buffer.from(manifest.data.tls_key, 'base64')).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('refuses names that Kubernetes would, and more than it takes', () => {
    const given = [{ name: 'a', bytes: Buffer.from('x') }];
    for (const name of ['Shop', 'a_b', '', '-a', 'a\nb', 'a..b', 'a'.repeat(254)]) {
      expect(() => printValues('k8s-secret', given, { name, namespace: null })).toThrow(/--name/);
    }
    for (const namespace of ['a.b', 'a'.repeat(64)]) {
      expect(() => printValues('k8s-secret', given, { name: 'a', namespace })).toThrow(/--namespace/);
    }
    const large = ['a', 'b'].map((name) => ({ name, bytes: new Uint8Array(524_289) }));
    expect(() => printValues('k8s-secret', large, null)).toThrow(/1 MiB/);
  });
});

test('two secrets that would get the same key are refused with both names', () => {
  const given = ['db-password', 'db.password'].map((name) => ({ name, bytes: Buffer.from('value') }));
  expect(() => printValues('dotenv', given, null)).toThrow(/db-password and db\.password .*DB_PASSWORD/);
  expect(JSON.parse(printValues('json', given, null))).toEqual({
    'db-password': 'value',
    'db.password': 'value',
  });
});

test('a refusal names the secret and shows nothing of the value', () => {
  for (const format of ['dotenv', 'json', 'shell', 'tfvars'] as const) {
    const bytes = Buffer.concat([Buffer.from('s3cret'), Buffer.from([0xff])]);
    expect(() => print(format, bytes)).toThrow(expect.not.stringContaining('s3cret'));
    expect(() => print(format, bytes)).toThrow(/db\.Pass word/);
  }
});

test('all that a format cannot hold is named at once', () => {
  const given = [
    { name: 'one', bytes: Buffer.from([0xff]) },
    { name: 'two', bytes: Buffer.from('value') },
    { name: 'three', bytes: Buffer.from('a\0b') },
  ];
  expect(() => printValues('shell', given, null)).toThrow(
    /^2 secrets cannot .*:\n {2}one: it is not text.*\n {2}three: it has a zero byte/,
  );
});

test('a digit at the beginning gets an underscore where names may not begin with one', () => {
  expect(print('dotenv', 'x', '2fa')).toBe('_2FA=x\n');
  expect(print('tfvars', 'x', '2fa')).toBe('_2fa = "x"\n');
});
