// The launcher: on a Node that is too old, the one that npm installed takes over, and nobody notices; and what is built is believed only
// while it is made of the sources that are there.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LAUNCHER, stop, untilWritten, Workplace } from './sallyport.ts';

/** Makes the Node that runs the launcher say that it is an old one. What it hands over to is a real process of the pinned Node. */
const OLD_NODE = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.19.0'}})`,
];

describe('on an old Node', () => {
  test('arguments, output and exit code are those of the command', async () => {
    await using place = await Workplace.make();
    const version = await place.run(['version'], { nodeFlags: OLD_NODE });
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^sallyport \d/)]);
    const failed = await place.run(['get'], { nodeFlags: OLD_NODE });
    expect([failed.code, failed.stderr]).toEqual([2, expect.stringContaining('needs NAME')]);
  });

  test('standard input reaches the command', async () => {
    await using place = await Workplace.make();
    const words = ['set', 'x', '-', '--address', 'http://127.0.0.1:1', '--token', 'x'];
    const { code } = await place.run(words, { nodeFlags: OLD_NODE, input: 'value' });
    expect(code).toBe(6);
  });

  test('a signal reaches the command, which ends gracefully', async () => {
    await using place = await Workplace.make();
    const server = place.start(['server', 'run', '--data', 'server', '--port', '0'], { nodeFlags: OLD_NODE });
    await untilWritten(server, 'listens on');
    const { code, signal, stdout } = await stop(server);
    expect([code, signal]).toEqual([0, null]);
    expect(stdout).toContain('server stopped');
  });
});

describe('what is built', () => {
  /** An installation of which each part only says what it is. */
  function installation(): { folder: string; source: string; said: (...words: string[]) => string } {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-launcher-'));
    const cli = join(folder, 'packages/cli');
    for (const part of ['bin', 'dist', 'src']) mkdirSync(join(cli, part), { recursive: true });
    copyFileSync(LAUNCHER, join(cli, 'bin/sallyport.js'));
    writeFileSync(join(cli, 'package.json'), '{"type":"module"}');
    writeFileSync(join(cli, 'dist/main.cjs'), 'console.log("built");');
    const source = join(cli, 'src/main.ts');
    writeFileSync(source, 'console.log("source");');
    const { size, mtimeMs } = statSync(source);
    const sources = [['packages/cli/src/main.ts', size, Math.floor(mtimeMs / 1000)]];
    writeFileSync(join(cli, 'dist/built.json'), JSON.stringify({ notFor: ['start'], sources }));
    const said = (...words: string[]): string =>
      execFileSync(process.execPath, [join(cli, 'bin/sallyport.js'), ...words], {
        encoding: 'utf8',
        env: { XDG_CACHE_HOME: join(folder, 'cache') },
      }).trim();
    return { folder, source, said };
  }

  test('serves all words but those that it leaves out', () => {
    const { folder, said } = installation();
    expect([said('run'), said(), said('start'), said('--version')]).toEqual([
      'built',
      'built',
      'source',
      'source',
    ]);
    rmSync(folder, { recursive: true });
  });

  test('is left alone once a source has changed, or is gone', () => {
    const { folder, source, said } = installation();
    const { size, mtimeMs } = statSync(source);
    const saved = Math.floor(mtimeMs / 1000);
    utimesSync(source, saved, saved + 1);
    expect(said('run')).toBe('source');
    utimesSync(source, saved, saved);
    expect(said('run')).toBe('built');
    writeFileSync(source, 'console.log("edited");'.padEnd(size + 1));
    utimesSync(source, saved, saved);
    expect(said('run')).toBe('edited');
    writeFileSync(join(folder, 'packages/cli/dist/built.json'), '{"notFor":[],"sources":[["gone.ts",1,1]]}');
    expect(said('run')).toBe('edited');
    rmSync(folder, { recursive: true });
  });
});
