// How names of secrets become variables, what mapping files say, and what a mounted file holds.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, asyncProperty, constantFrom, dictionary, oneof, string, stringMatching } from 'fast-check';
import { dotenvValue } from '@sallyport/core/template';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/index.ts';
import { LOADED_ALONE } from '../src/commands/commands-for.ts';
import { environmentOf } from '../src/run/base-environment.ts';
import { readMappingFile, readSetFlag } from '../src/run/mapping-file.ts';
import { mountContent } from '../src/run/mount-content.ts';
import { parseDotenv } from '../src/run/parse-dotenv.ts';
import { parseFlatYaml } from '../src/run/parse-flat-yaml.ts';
import { decidesCode, isVariableName, variableFor } from '../src/run/variable-name.ts';
import type { Transform } from '../src/run/variable-name.ts';

const PLACE = { application: 'shop', environment: 'prod' };

describe('names of variables', () => {
  test.each<[string, Transform, string, string]>([
    ['db-password', 'upper-snake', '', 'DB_PASSWORD'],
    ['DB.Password 2', 'upper-snake', '', 'DB_PASSWORD_2'],
    ['db-password', 'lower-snake', '', 'db_password'],
    ['db--password-', 'camel', '', 'dbPassword'],
    ['db_password', 'none', 'app_', 'app_db_password'],
    ['dbPassword', 'upper-snake', 'X_', 'X_DBPASSWORD'],
  ])('%s as %s with "%s" is %s', (name, transform, prefix, variable) => {
    expect(variableFor(name, { transform, prefix })).toBe(variable);
  });

  test('those that no shell takes are no names', () => {
    expect(['A', '_a1', 'a'].every(isVariableName)).toBe(true);
    expect(['', '1A', 'A-B', 'Ä', 'A B', 'A=B', 'A\n'].some(isVariableName)).toBe(false);
  });

  test('those that decide what code runs are known in any letter case', () => {
    expect(
      ['PATH', 'ld_preload', 'DYLD_INSERT_LIBRARIES', 'NODE_OPTIONS', 'BASH_ENV'].every(decidesCode),
    ).toBe(true);
    expect(['DB_PASSWORD', 'GIT_TOKEN', 'PATHS', 'LDAP_PASSWORD', 'NODE_ENV'].some(decidesCode)).toBe(false);
  });
});

describe('mapping files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-mapping-'));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  async function read(name: string, content: string): Promise<Record<string, string>> {
    await writeFile(join(folder, name), content);
    const entries = await readMappingFile(name, { folder, place: PLACE });
    return Object.fromEntries(
      entries.map((one) => [one.variable, 'plain' in one ? one.plain : `-> ${one.reference}`]),
    );
  }

  test('.env: comments, export, both quotes, several lines, nothing expanded', async () => {
    const content = [
      '\uFEFF# comment',
      'A = one two # not this',
      'export B="x\\n\\"y\\" \\$HOME"',
      "C='$HOME \\n'  # nor this",
      'D=',
      'E="first',
      'second"',
      'F=a#b',
      'G=sally://shop/prod/db@2',
      'H=sally:///db',
    ].join('\r\n');
    expect(await read('x.env', content)).toEqual({
      A: 'one two',
      B: 'x\n"y" $HOME',
      C: '$HOME \\n',
      D: '',
      E: 'first\nsecond',
      F: 'a#b',
      G: '-> sally://shop/prod/db@2',
      H: '-> sally://shop/prod/db',
    });
  });

  test('YAML: by ending or by its look, scalars as YAML means them', async () => {
    const content = [
      '---',
      '# comment',
      'A: one two # not this',
      'B: "x\\n\\u00e4"',
      "C: 'it''s'",
      'D: |',
      '  l1',
      '',
      '    l2',
      'E: >-',
      '  folded',
      '  text',
      'F: 42',
      'G: null',
      'H: sally:///db@3',
    ].join('\n');
    const expected = {
      A: 'one two',
      B: 'x\nä',
      C: "it's",
      D: 'l1\n\n  l2\n',
      E: 'folded text',
      F: '42',
      G: '',
      H: '-> sally://shop/prod/db@3',
    };
    expect(await read('x.yml', content)).toEqual(expected);
    expect(await read('no-ending', content)).toEqual(expected);
    const json = '{"A": "1", "B": 12345678901234567890, "C": "sally:///db", "D": 1.10, "E": null, "F": true}';
    expect(await read('x.json', json)).toEqual({
      A: '1',
      B: '12345678901234567890',
      C: '-> sally://shop/prod/db',
      D: '1.10',
      E: '',
      F: 'true',
    });
  });

  test.each([
    ['x.env', 'A=canary-1\nno pair'],
    ['x.env', 'A="canary-1'],
    ['x.env', 'A=canary-1\nA=canary-1'],
    ['x.env', '1A=canary-1'],
    ['x.env', 'A=sally://canary-1'],
    ['x.yml', 'A: [canary-1]'],
    ['x.yml', 'A:\n  B: canary-1'],
    ['x.yml', 'A: "canary-1'],
    ['x.yml', 'A: canary-1\nA: canary-1'],
    ['x.yml', '- canary-1'],
    ['x.json', '{"A": {"B": "canary-1"}}'],
    ['x.json', '["canary-1"]'],
    ['x.json', '{"A": "canary-1",\n"A": "canary-1"}'],
    ['x.yml', 'A: !!binary "Y2FuYXJ5LTE="'],
    ['x.env', 'A=sally:///canary-1%zz'],
  ])('%s with %j is refused, and the message repeats nothing of it', async (name, content) => {
    const failure = await read(name, content).catch((error: unknown) => error);
    expect(failure).toMatchObject({ publicMessage: expect.stringContaining(name) });
    expect(JSON.stringify(failure)).not.toContain('canary-1');
  });

  test('without a place, sally:///name is the secret of that name', () => {
    expect(readSetFlag('A=sally:///db@2', null)).toMatchObject({ variable: 'A', reference: 'db@2' });
    expect(readSetFlag('A=x=y', null)).toEqual({ variable: 'A', origin: '--set', plain: 'x=y' });
  });
});

describe('a mounted file', () => {
  const variables = dictionary(
    oneof(stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), constantFrom('NO', 'ON', 'NULL')),
    string({ unit: 'binary' }),
  );

  test('says in each form what was put in, whatever it is', async () => {
    await assert(
      asyncProperty(variables, async (values) => {
        const map = new Map(Object.entries(values));
        const back = (entries: { variable: string; text: string }[]): unknown =>
          Object.fromEntries(entries.map(({ variable, text }) => [variable, text]));
        const form = (format: 'dotenv' | 'json' | 'yaml'): string => mountContent({ format }, map);
        expect(JSON.parse(form('json'))).toEqual({ ...values });
        expect(back(await parseFlatYaml(form('yaml'), 'y'))).toEqual({ ...values });
        const held = Object.fromEntries(
          Object.entries(values).filter(([, text]) => dotenvValue(text) !== null),
        );
        const dotenv = mountContent({ format: 'dotenv' }, new Map(Object.entries(held)));
        expect(back(parseDotenv(dotenv, 'd'))).toEqual(held);
      }),
    );
  });

  test('as dotenv is refused for what readers of such files take in different ways, with the way out', () => {
    const failure = (): string => mountContent({ format: 'dotenv' }, new Map([['A', "it's $5"]]));
    expect(failure).toThrow(/^A has signs/);
    expect(failure).toThrow(expect.not.stringContaining('$5'));
  });

  test('is a template filled in, or names what it lacks', () => {
    const map = new Map([['A', 'x"y']]);
    const template = '{{A}} {{ A | json }} {{A|base64}} {{ not one }}';
    expect(mountContent({ template }, map)).toBe('x"y "x\\"y" eCJ5 {{ not one }}');
    expect(() => mountContent({ template: '{{ B }}{{ C }}' }, map)).toThrow(/B, C/);
    expect(() => mountContent({ template: '{{ A | hex }}' }, map)).toThrow(/filter "hex"/);
  });
});

test('the environment keeps what is preserved, also where nothing else is inherited', () => {
  const inherited = { PATH: '/bin', A: 'mine', B: 'b', SALLYPORT_ROOT_KEY: 'k', SALLYPORT_TOKEN: 't' };
  const secrets = new Map([['A', 'secret']]);
  const options = { onlySecrets: true, preserved: ['A', 'NOT_SET'], keepToken: true };
  expect(environmentOf(inherited, secrets, options)).toEqual({ PATH: '/bin', A: 'mine' });
  const all = { onlySecrets: false, preserved: [], keepToken: true };
  expect(environmentOf(inherited, secrets, all)).toEqual({
    PATH: '/bin',
    A: 'secret',
    B: 'b',
    SALLYPORT_TOKEN: 't',
  });
});

test('words that are loaded alone have all their commands in what is loaded', async () => {
  for (const [word, load] of Object.entries(LOADED_ALONE)) {
    const alone = await load();
    const expected = COMMANDS.filter(({ path }) => path[0] === word);
    expect(expected.length).toBeGreaterThan(0);
    expect(alone.filter(({ path }) => path[0] === word)).toEqual(expected);
  }
});
