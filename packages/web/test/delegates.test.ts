// Delegates in the web UI: the commands that start one, quoted for where they go, and whether this browser knows one.
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { INSTALL_PLACES, installSteps, shellQuote, systemdQuote } from '../src/delegates/install-text.ts';
import type { InstallChoice } from '../src/delegates/install-text.ts';
import { recognise } from '../src/delegates/recognise.ts';

const TOKEN = 'dtk_secret-value';
const CHOICE: InstallChoice = {
  server: 'https://sallyport.example.com',
  name: "o'brien $HOME",
  selectors: ['prod-vpc', 'eu'],
  token: TOKEN,
};
const textOf = (place: (typeof INSTALL_PLACES)[number], choice = CHOICE) =>
  installSteps(place, choice)
    .map(({ text }) => text)
    .join('\n');

describe('install instructions', () => {
  test.each(INSTALL_PLACES)('for %s have the token in them and use only flags that exist', (place) => {
    const text = textOf(place);
    expect(text).toContain(TOKEN);
    const reference = readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8');
    const section = reference.split('### delegate run')[1]?.split('\n### ')[0] ?? '';
    const command = text.slice(text.search(/sallyport["\s\S]{1,40}?delegate["\s\S]{1,40}?run/));
    const used = [...new Set(command.match(/--[a-z-]+/g))].filter(
      (flag) => !['--filename', '--cli-input-json', '--now'].includes(flag),
    );
    expect(used).toEqual(expect.arrayContaining(['--server', '--name', '--selector', '--data']));
    for (const flag of used) expect(section, flag).toContain(`\`${flag} `);
  });

  test('for a shell come out of it word by word as they were typed', () => {
    const [, start] = installSteps('shell', CHOICE);
    const script = `sallyport() { printf '%s\\n' "$@"; }\n${start?.text}`;
    const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(stdout.split('\n').slice(0, 9)).toEqual([
      'delegate',
      'run',
      '--server',
      'https://sallyport.example.com',
      '--name',
      "o'brien $HOME",
      '--selector',
      'prod-vpc',
      '--selector',
    ]);
  });

  test('put the token into a file that only its owner can read, whatever it is', () => {
    const [file] = installSteps('shell', { ...CHOICE, token: "a'b`c$d" });
    const script = `cd "$(mktemp -d)" && ${file?.text} && cat delegate-token && stat -c %a delegate-token`;
    expect(spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout).toBe("a'b`c$d\n600\n");
  });

  test('never have the token on a command line of the delegate', () => {
    for (const place of INSTALL_PLACES) expect(textOf(place)).not.toMatch(/--token[ "]/);
  });

  test('for ECS are a task definition with the command as a list', () => {
    const [, definition] = installSteps('ecs', CHOICE);
    const { containerDefinitions } = JSON.parse(definition?.text ?? '') as {
      containerDefinitions: { command: string[] }[];
    };
    expect(containerDefinitions[0]?.command).toContain("o'brien $HOME");
    expect(definition?.text).not.toContain(TOKEN);
  });

  test('permit plain http only where it leaves the machine', () => {
    expect(textOf('shell', { ...CHOICE, server: 'http://10.0.0.1:8200' })).toContain('--allow-plain-http');
    expect(textOf('shell', { ...CHOICE, server: 'http://127.0.0.1:8200' })).not.toContain(
      '--allow-plain-http',
    );
    expect(textOf('shell')).not.toContain('--allow-plain-http');
  });

  test('leave out a name and selectors that were not given', () => {
    expect(textOf('docker', { ...CHOICE, name: '', selectors: [] })).not.toMatch(/--name [^s]|--selector/);
  });

  test('quote for a shell and for a systemd unit', () => {
    expect(shellQuote('plain-1')).toBe('plain-1');
    expect(shellQuote('')).toBe("''");
    expect(systemdQuote('100%')).toBe('100%%');
    expect(systemdQuote('a "b" $c \\')).toBe(String.raw`"a \"b\" $$c \\"`);
  });
});

describe('this browser', () => {
  const known = [{ server: 'https://a', name: 'VPC-1', fingerprint: 'SHA256:one' }];

  test('knows a delegate by name and fingerprint, at one server', () => {
    expect(recognise(known, 'https://a', { name: 'vpc-1', fingerprint: 'SHA256:one' })).toEqual({
      state: 'known',
    });
    expect(recognise(known, 'https://b', { name: 'vpc-1', fingerprint: 'SHA256:one' })).toEqual({
      state: 'new',
    });
  });

  test('tells one apart that shows another fingerprint', () => {
    expect(recognise(known, 'https://a', { name: 'vpc-1', fingerprint: 'SHA256:two' })).toEqual({
      state: 'changed',
      knownFingerprints: ['SHA256:one'],
    });
  });
});
