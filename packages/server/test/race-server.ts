// A server process for races.test.ts: starts with the settings in its one argument, prints its address, and ends when its input does.
import { pino } from 'pino';
import { parseServerConfig, startServer } from '../src/index.ts';

const config = parseServerConfig(JSON.parse(process.argv[2] ?? '{}'));
const server = await startServer(config, { logger: pino({ level: 'silent' }) });
process.stdout.write(`${server.address}\n`);
process.stdin.resume();
process.stdin.once('end', () => {
  void server.close().then(() => process.exit(0));
});
