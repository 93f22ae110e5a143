// A delegate in a process of its own, as an operator runs it. Arguments: the settings as JSON. Says `connected` on stdout, and
// stops gracefully on SIGTERM.
import { parseDelegateConfig, startDelegate } from '../src/index.ts';

const delegate = await startDelegate(parseDelegateConfig(JSON.parse(process.argv[2] ?? '{}')));
process.on('SIGTERM', () => void delegate.drain());
await delegate.connected;
process.stdout.write('connected\n');
