// Entry of the server's own process in end-to-end tests: starts it with the settings in its one argument.
import { parseServerConfig, startServer } from '@sallyport/server';
import { writeHeapSnapshot } from 'node:v8';
import { servePart } from './child-process.ts';

const server = await startServer(parseServerConfig(JSON.parse(process.argv[2] ?? '{}')));
let closing = false;
process.on('SIGTERM', () => {
  if (closing) return;
  closing = true;
  void server.close().then(() => process.exit(0));
});
servePart(
  { address: server.address },
  {
    createAdminKey: (name: string) => server.createAdminKey(name),
    createDelegateToken: (name: string) => server.createDelegateToken(name),
    createSetupLink: () => server.createSetupLink(),
    heapSnapshot: (file: string) => writeHeapSnapshot(file),
    memory: () => process.memoryUsage(),
  },
);
