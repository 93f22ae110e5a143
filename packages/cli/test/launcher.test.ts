// The launcher on a Node that is too old: the one that npm installed takes over, and nobody notices.
import { describe, expect, test } from 'vitest';
import { stop, untilWritten, Workplace } from './sallyport.ts';

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
