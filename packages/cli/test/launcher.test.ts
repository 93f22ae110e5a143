// The launcher: on a Node that is too old, the one that npm installed takes over, and nobody notices; what is built is believed only while it
// is made of the sources that are there; and compiled code that earlier runs left behind is no more than a help.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

/** An installation of which each part only says what it is. */
class Installation implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'sallyport-launcher-'));
  readonly cli = join(this.folder, 'packages/cli');
  readonly source = join(this.cli, 'src/main.ts');
  /** Where code is kept. */
  readonly kept = join(this.folder, 'cache/sallyport/ran');

  constructor() {
    for (const part of ['bin', 'dist', 'src']) mkdirSync(join(this.cli, part), { recursive: true });
    for (const file of ['sallyport.cjs', 'load-built.cjs']) {
      copyFileSync(join(dirname(LAUNCHER), file), join(this.cli, 'bin', file));
    }
    writeFileSync(join(this.cli, 'package.json'), '{"type":"module"}');
    writeFileSync(this.source, 'console.log("source");');
    this.build('console.log("built");');
  }

  build(main: string, parts: Record<string, string> = {}): void {
    const { size, mtimeMs } = statSync(this.source);
    const sources = [['packages/cli/src/main.ts', size, Math.floor(mtimeMs / 1000)]];
    writeFileSync(join(this.cli, 'dist/main-1.cjs'), main);
    for (const [name, content] of Object.entries(parts)) writeFileSync(join(this.cli, 'dist', name), content);
    writeFileSync(
      join(this.cli, 'dist/built.json'),
      JSON.stringify({ entry: 'main-1.cjs', notFor: ['start'], sources }),
    );
  }

  said(...words: string[]): string {
    return execFileSync(process.execPath, [join(this.cli, 'bin/sallyport.cjs'), ...words], {
      encoding: 'utf8',
      env: { XDG_CACHE_HOME: join(this.folder, 'cache') },
    }).trim();
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

describe('what is built', () => {
  test('serves all words but those that it leaves out', () => {
    using place = new Installation();
    const said = [place.said('run'), place.said(), place.said('start'), place.said('--version')];
    expect(said).toEqual(['built', 'built', 'source', 'source']);
  });

  test('is left alone once a source has changed, or is gone', () => {
    using place = new Installation();
    const { size, mtimeMs } = statSync(place.source);
    const saved = Math.floor(mtimeMs / 1000);
    utimesSync(place.source, saved, saved + 1);
    expect(place.said('run')).toBe('source');
    utimesSync(place.source, saved, saved);
    expect(place.said('run')).toBe('built');
    writeFileSync(place.source, 'console.log("edited");'.padEnd(size + 1));
    utimesSync(place.source, saved, saved);
    expect(place.said('run')).toBe('edited');
    writeFileSync(
      join(place.cli, 'dist/built.json'),
      '{"entry":"main-1.cjs","notFor":[],"sources":[["gone.ts",1,1]]}',
    );
    expect(place.said('run')).toBe('edited');
  });
});

describe('compiled code of earlier runs', () => {
  /** Says which words it has, by a function of another file where there are two. */
  const MAIN = `console.log(process.argv.slice(2).join());
    if (process.argv[3] === 'more') require('./more-1.cjs').more();
    if (process.argv[3] === 'fail') process.exitCode = 3;`;
  const MORE = `exports.more = () => console.log('more', __filename.endsWith('more-1.cjs'));`;

  function keptIn(place: Installation): Map<string, Buffer> {
    return new Map(readdirSync(place.kept).map((name) => [name, readFileSync(join(place.kept, name))]));
  }

  test('is kept for each first word, and added to when another file is loaded', () => {
    using place = new Installation();
    place.build(MAIN, { 'more-1.cjs': MORE });
    expect(place.said('get', 'x')).toBe('get,x');
    const first = keptIn(place);
    expect([...first.keys()]).toEqual([expect.stringMatching(/^get-main-1\.cjs-v\d/)]);
    expect(place.said('get', 'y')).toBe('get,y');
    expect(keptIn(place)).toEqual(first);
    expect(place.said('get', 'more')).toBe('get,more\nmore true');
    const [more] = keptIn(place).values();
    expect(more?.length).toBeGreaterThan([...first.values()][0]?.length ?? Infinity);
    expect(place.said('get', 'more')).toBe('get,more\nmore true');
    expect(keptIn(place).size).toBe(1);
    place.said('../../up');
    expect([...keptIn(place).keys()].map((name) => name.split('-')[0])).toEqual(['get', 'other']);
  });

  test('of a run that failed gives way to that of one that did not', () => {
    using place = new Installation();
    place.build(MAIN);
    expect(() => place.said('get', 'fail')).toThrow('Command failed');
    const failed = keptIn(place);
    place.said('get', 'x');
    const whole = keptIn(place);
    expect(whole).not.toEqual(failed);
    expect(() => place.said('get', 'fail')).toThrow('Command failed');
    expect(keptIn(place)).toEqual(whole);
  });

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 40)],
    ['empty', () => Buffer.alloc(0)],
    ['zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['of another kind', () => Buffer.from('what is this')],
  ])('that is %s is made anew', (_, damaged) => {
    using place = new Installation();
    place.build(MAIN);
    place.said('get', 'x');
    const [[name = '', bytes = Buffer.alloc(0)] = []] = keptIn(place);
    writeFileSync(join(place.kept, name), damaged(bytes));
    expect(place.said('get', 'x')).toBe('get,x');
    expect(keptIn(place).get(name)?.length).toBe(bytes.length);
  });

  test('is neither read from nor put into a folder that others can write to', () => {
    using place = new Installation();
    place.build(MAIN);
    mkdirSync(dirname(place.kept), { recursive: true });
    chmodSync(dirname(place.kept), 0o777);
    expect(place.said('get', 'x')).toBe('get,x');
    expect(readdirSync(dirname(place.kept))).toEqual([]);
  });

  test('that nobody has renewed for a month is removed when other code is kept', () => {
    using place = new Installation();
    place.build(MAIN);
    place.said('get', 'x');
    const [[name = ''] = []] = keptIn(place);
    utimesSync(join(place.kept, name), 1, 1);
    place.said('set', 'x');
    expect([...keptIn(place).keys()].map((kept) => kept.split('-')[0])).toEqual(['set']);
  });
});
