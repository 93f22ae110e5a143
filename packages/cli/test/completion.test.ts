// Completion as a shell sees it: the script is sourced by a real bash, and what follows the words typed so far comes from the table.
import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionOf } from '../src/command-line/completion.ts';
import { completionScript, SHELLS } from '../src/command-line/completion-scripts.ts';
import { COMMANDS } from '../src/index.ts';
import { LAUNCHER, Workplace } from './sallyport.ts';

const after = (...words: string[]) => completionOf(COMMANDS, words);

describe('what can follow', () => {
  test('commands, then their further words', () => {
    expect(after('').candidates).toContain('set');
    expect(after('s').candidates).toEqual(expect.arrayContaining(['set', 'secrets-manager', 'server']));
    expect(after('delegate', 'token', '').candidates).toEqual(['create', 'list', 'revoke']);
    expect(after('secrets-manager', 'add', '').candidates).toEqual(['aws-kms', 'built-in']);
  });

  test('flags of the command that were not given yet', () => {
    const { candidates } = after('list', '--search', 'x', '--');
    expect(candidates).toContain('--output');
    expect(candidates).not.toContain('--search');
    expect(candidates).not.toContain('--key-arn');
  });

  test('values of a flag, names of an argument, files', () => {
    expect(after('list', '-o', '').candidates).toEqual(['table', 'json']);
    expect(after('secrets-manager', 'add', 'aws-kms', '--credentials', 'i').candidates).toEqual(['iam-role']);
    expect(after('get', '')).toEqual({ candidates: [], source: 'secret' });
    expect(after('set', 'x', '--file', '')).toEqual({ candidates: [], source: 'file' });
    expect(after('set', '--file', 'x', '')).toEqual({ candidates: [], source: 'secret' });
    expect(after('delegate', 'explain', '--for', '').source).toBe('secrets-manager');
  });

  test('nothing where nothing fits', () => {
    expect(after('nonsense', '')).toEqual({ candidates: [], source: null });
    expect(after('whoami', '')).toEqual({ candidates: [], source: null });
  });
});

describe('in a shell', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await Workplace.make();
    const command = join(place.folder, 'sallyport');
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`);
    await chmod(command, 0o755);
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const bash = (line: string): string[] => {
    const words = line.split(' ');
    const script = `
      source <(sallyport completion bash)
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
      COMP_CWORD=${words.length - 1}
      _sallyport
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = place.env({ PATH: `${place.folder}:${process.env['PATH']}` });
    const { stdout, stderr, status } = spawnSync('bash', ['-c', script], {
      cwd: place.folder,
      env,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    return stdout.split('\n').filter((text) => text !== '');
  };

  test('bash completes commands, flags and files', async () => {
    expect(bash('sallyport delegate tok')).toEqual(['token']);
    expect(bash('sallyport get --vers')).toEqual(['--version']);
    await writeFile(join(place.folder, 'cert.pem'), 'x');
    expect(bash('sallyport set x --file cer')).toEqual(['cert.pem']);
  });

  test('a server that cannot be asked leaves nothing on the screen', () => {
    expect(bash('sallyport get x')).toEqual([]);
  });

  test.each(SHELLS)('the %s script asks the command and holds no list of its own', async (shell) => {
    const { code, stdout, stderr } = await place.run(['completion', shell]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(completionScript(shell));
    expect(stdout).toContain('__complete --');
  });
});
