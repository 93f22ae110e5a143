// `npm run bench`: every benchmark, one after the other, each as a ratio against a named baseline in the same run. Exits with 1 when a
// promised ratio is not reached. Names as arguments run only those: `npm run bench -- api`.
import { benchApi } from './api.ts';
import { benchEnvelope } from './envelope.ts';
import { benchMasking } from './masking.ts';
import { benchLocalEndpoint } from './local-endpoint.ts';
import { report } from './measure.ts';
import { benchRunStart } from './run-start.ts';
import { benchSealing } from './sealing.ts';
import { benchWeb } from './web.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<boolean>>> = {
  envelope: async () => report(await benchEnvelope()),
  sealing: async () => report(await benchSealing()),
  masking: benchMasking,
  api: benchApi,
  'local-endpoint': benchLocalEndpoint,
  'run-start': benchRunStart,
  web: benchWeb,
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) throw new Error(`no benchmark is called ${unknown.join(', ')}`);
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`# ${name}`);
  if (!(await run())) process.exitCode = 1;
}
