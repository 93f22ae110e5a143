// Command lines that cannot be carried out: what a person reads, and that nothing they typed in the wrong place is repeated.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_CODES } from '@sallyport/core';
import { flagsOf } from '../src/command-line/parse-line.ts';
import { COMMANDS, EXIT_CODE_OF, EXIT_CODES } from '../src/index.ts';
import { Workplace } from './sallyport.ts';

let place: Workplace;
beforeAll(async () => {
  place = await Workplace.make();
});
afterAll(() => place[Symbol.asyncDispose]());

describe('a command line that cannot be carried out exits with 2 and says why', () => {
  const lines: [string, string[], RegExp][] = [
    ['an unknown command', ['gte', 'x'], /There is no such command/],
    ['a misspelt one, with what was meant', ['lst'], /Did you mean `sallyport list`\?/],
    ['a verb of another tool, with what it is called here', ['delete', 'a'], /Did you mean `sallyport rm`\?/],
    ['an unknown command that is asked for help', ['frobnicate', '--help'], /There is no such command/],
    [
      'help about an unknown command',
      ['help', 'delegate', 'frobnicate'],
      /followed by one of: .*token create/,
    ],
    ['an export that is not there', ['audit', 'verify', 'nowhere.jsonl'], /There is no file .*nowhere.jsonl/],
    ['a group alone', ['delegate', 'token'], /followed by one of: .*token create/],
    ['a missing argument', ['get'], /needs NAME/],
    ['one argument too many', ['get', 'a', 'b'], /takes only NAME/],
    ['an unknown flag', ['list', '--serch', 'x'], /no flag --serch. Did you mean --search\?/],
    ['a flag of another command', ['list', '--key-arn', 'x'], /no flag --key-arn/],
    ['a flag without its value', ['list', '--search'], /--search needs a value/],
    ['a flag whose value is a flag', ['list', '--search', '--strict'], /--search needs a value/],
    ['a switch with a value', ['rm', 'a', '--yes=no'], /--yes takes no value/],
    ['a flag given twice', ['list', '--search', 'a', '--search', 'b'], /--search is given twice/],
    ['a value that is none of the choices', ['list', '-o', 'yaml'], /-o is one of table, json/],
    ['a version that is no number', ['get', 'a', '--version', 'new'], /--version takes a whole number/],
    ['two versions', ['get', 'a@2', '--version', '3'], /version/],
    [
      'a duration that is none',
      ['api-key', 'create', 'k', '--expires-in', 'soon'],
      /--expires-in takes a duration/,
    ],
    ['both sources of a value', ['set', 'a', '-', '--file', 'b'], /either - or --file/],
    ['no value and nobody to ask', ['set', 'a'], /no terminal to ask/],
    ['a deletion that nobody can confirm', ['rm', 'a'], /needs a yes/],
    ['a file that is not there', ['set', 'a', '--file', '/nowhere/x'], /\/nowhere\/x cannot be read: ENOENT/],
    ['a fingerprint that is none', ['delegate', 'trust', 'a', 'b'], /A fingerprint is SHA256:/],
    [
      'an availability that is none',
      ['availability', 'set', 'a', 'offline forever'],
      /"offline forever" is no availability/,
    ],
    ['one that is too long', ['set', 'a', '-', '--availability', 'offline 8d'], /is no availability/],
    ['no server address', ['get', 'a'], /No server address is given/],
    [
      'an address that is none',
      ['get', 'a', '--address', 'ftp://x', '--token', 'x'],
      /address of the server cannot be used/,
    ],
    ['an empty secrets manager edit', ['secrets-manager', 'edit', 'a'], /No flag says what to change/],
  ];
  test.each(lines)('%s', async (_, words, message) => {
    const { code, stdout, stderr } = await place.run(words);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toMatch(/^next: \S/m);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('a value on the command line is refused, and not repeated', async () => {
    const { code, stderr } = await place.run(['set', 'db-password', 'hunter2-canary']);
    expect(code).toBe(2);
    expect(stderr).toContain('not taken from the command line');
    expect(stderr).not.toContain('hunter2-canary');
  });

  test('a secret key on the command line is refused, and not repeated', async () => {
    const words = ['secrets-manager', 'add', 'aws-kms', '--name', 'k', '--credentials', 'access-keys'];
    const { code, stderr } = await place.run([
      ...words,
      '--access-key-id',
      'AKIA',
      '--secret-key',
      'wJalr-canary',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('--secret-key-file or --secret-key-stdin');
    expect(stderr).not.toContain('wJalr-canary');
  });

  test('values typed in a wrong place are not repeated', async () => {
    for (const words of [
      ['hunter2-canary'],
      ['list', 'hunter2-canary'],
      ['list', '-o', 'hunter2-canary'],
      ['list', '--hunter=hunter2-canary'],
    ]) {
      const { code, stderr } = await place.run(words);
      expect(code, words.join(' ')).toBe(2);
      expect(stderr).not.toContain('hunter2-canary');
    }
  });

  test('with -o json the error is JSON on standard error', async () => {
    const { code, stdout, stderr } = await place.run(['list', '-o', 'json']);
    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'config-invalid',
        retryable: false,
        data: { hint: expect.stringContaining('SALLYPORT_ADDR') },
      },
    });
  });

  test('control characters in what is typed do not reach the terminal', async () => {
    const { stderr } = await place.run(['set', 'a', '--file', '/nowhere/\u001B[2J\u0007x']);
    expect(stderr).toContain('/nowhere/?[2J?x');
    expect(stderr).not.toContain('\u001B');
  });
});

test('known delegates can be listed without a server', async () => {
  const { code, stdout } = await place.run(['delegate', 'known', '-o', 'json']);
  expect([code, stdout]).toEqual([0, '[]\n']);
});

describe('a server that is not there', () => {
  test('exits with 6 and names the address', async () => {
    const { code, stdout, stderr } = await place.run([
      'whoami',
      '--address',
      'http://127.0.0.1:1',
      '--token',
      'x',
    ]);
    expect(stderr).toContain('Could not reach the server at http://127.0.0.1:1: nothing listens there');
    expect(stderr).toContain('code: unreachable');
    expect([code, stdout]).toEqual([6, '']);
  });
});

describe('help and version', () => {
  test('help goes to standard output and ends with 0, for everything, a group and a command', async () => {
    for (const [words, text] of [
      [[], 'Commands:'],
      [['help'], 'Commands:'],
      [['--help'], 'Commands:'],
      [['delegate', '--help'], 'delegate token create'],
      [['help', 'secrets-manager', 'add', 'aws-kms'], '--external-id ID'],
      [['get', 'x', '-h'], 'sallyport get NAME [flags]'],
    ] as const) {
      const { code, stdout, stderr } = await place.run([...words]);
      expect([code, stderr], words.join(' ')).toEqual([0, '']);
      expect(stdout).toContain(text);
    }
  });

  test('version, asked for in two ways', async () => {
    const expected = /^sallyport \d+\.\d+\.\d+\n$/;
    expect((await place.run(['version'])).stdout).toMatch(expected);
    expect((await place.run(['--version'])).stdout).toMatch(expected);
  });
});

describe('the command table', () => {
  test('gives a flag the same kind and letter in all commands: lines are cut before their command is known', () => {
    const seen = new Map<string, string>();
    for (const command of COMMANDS) {
      for (const [name, spec] of Object.entries(flagsOf(command))) {
        const form = `${spec.kind} ${spec.short ?? ''}`;
        expect(seen.get(name) ?? form, `--${name} of ${command.path.join(' ')}`).toBe(form);
        seen.set(name, form);
      }
    }
    expect(seen.size).toBeGreaterThan(30);
  });

  test('says for each command, argument and flag what it is, in one line without a full stop', () => {
    for (const command of COMMANDS) {
      const texts = [
        command.summary,
        ...(command.arguments ?? []).map(({ summary }) => summary),
        ...Object.values(flagsOf(command)).map(({ summary }) => summary),
      ];
      for (const text of texts) expect(text).toMatch(/^\S.*[^.\s]$/);
    }
  });

  test('every error code has an exit code other than 0, and every exit code but 0 has an error code', () => {
    expect(Object.keys(EXIT_CODE_OF).toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
    const used = new Set<number>(Object.values(EXIT_CODE_OF));
    expect([...used].toSorted((a, b) => a - b)).toEqual(
      Object.keys(EXIT_CODES)
        .map(Number)
        .filter((code) => code !== 0),
    );
  });
});
