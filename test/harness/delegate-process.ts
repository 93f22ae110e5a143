// Entry of a delegate's own process in end-to-end tests: starts it with the settings in its one argument.
import { parseDelegateConfig, startDelegate } from '@sallyport/delegate';
import { servePart } from './child-process.ts';

const delegate = await startDelegate(parseDelegateConfig(JSON.parse(process.argv[2] ?? '{}')));
let closing = false;
process.on('SIGTERM', () => {
  if (closing) return;
  closing = true;
  void delegate.drain().then(() => process.exit(0));
});
servePart(
  { fingerprint: delegate.fingerprint, local: delegate.localAddresses },
  { memory: () => process.memoryUsage(), cpu: () => process.cpuUsage() },
);
