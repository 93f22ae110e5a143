// External Secrets Operator reads the local endpoint through its webhook provider. Here the very manifest of the guide is taken, filled in
// as the operator does it (Go templates with url.QueryEscape in the address, data of Secrets in headers, a JSON path on the answer), and
// called over TLS.
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../packages/delegate/test/delegate-fixture.ts';
import { call, GOOD_KEY, LocalFixture } from '../packages/delegate/test/local-fixture.ts';
import type { Answer } from '../packages/delegate/test/local-fixture.ts';
import { TEST_TLS_CERTIFICATE, TEST_TLS_KEY } from '../packages/delegate/test/tls-certificate.ts';

type Yaml = string | Yaml[] | { [key: string]: Yaml };
type Data = Record<string, Record<string, string>>;

const GUIDE = readFileSync(new URL('../docs/guide/kubernetes.md', import.meta.url), 'utf8');
const SERVICE = 'sallyport-delegate.sallyport.svc';

/** The part of YAML that the manifest uses: maps, lists of maps, plain and quoted text. */
function parseYaml(text: string): Yaml {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  const scalar = (raw: string): string => (raw.startsWith('"') ? (JSON.parse(raw) as string) : raw);
  const block = (indent: number): Yaml => {
    const list: Yaml[] = [];
    const map: Record<string, Yaml> = {};
    while (lines[0] !== undefined && indentOf(lines[0]) >= indent) {
      const line = lines.shift() ?? '';
      if (line.trim().startsWith('- ')) {
        lines.unshift(line.replace('- ', '  '));
        list.push(block(indentOf(line) + 2));
        continue;
      }
      const [, key = '', rest = ''] = /^\s*([^:]+):\s*(.*)$/.exec(line) ?? [];
      map[key] = rest === '' ? block(indentOf(lines[0] ?? '')) : scalar(rest);
    }
    return list.length > 0 ? list : map;
  };
  return block(0);
}

function at(yaml: Yaml | undefined, ...path: (string | number)[]): Yaml {
  const found = path.reduce<Yaml | undefined>(
    (value, part) => (value as Record<string, Yaml> | undefined)?.[part as string],
    yaml,
  );
  if (found === undefined) throw new Error(`the manifest has no ${path.join('.')}`);
  return found;
}

/** `{{ .a.b }}`, as text/template fills it in. */
function fill(template: string, data: Data): string {
  return template.replaceAll(/\{\{\s*\.(\w+)\.(\w+)\s*\}\}/g, (_all, part: string, field: string) => {
    const value = data[part]?.[field];
    if (value === undefined) throw new Error(`nothing to fill in for .${part}.${field}`);
    return value;
  });
}

/** Go's url.QueryEscape. */
const queryEscape = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');

const manifests = (/```yaml\n([\s\S]*?)```/.exec(GUIDE)?.[1] ?? '').split(/^---$/m).map(parseYaml);
const ofKind = (kind: string): Yaml => {
  const found = manifests.find((manifest) => at(manifest, 'kind') === kind);
  if (found === undefined) throw new Error(`the guide has no ${kind}`);
  return found;
};

/** What the operator does for one entry of an ExternalSecret. */
async function readAsOperator(remoteRef: { key: string; version: string }, port: string): Promise<Answer> {
  const webhook = at(ofKind('ClusterSecretStore'), 'spec', 'provider', 'webhook');
  const secret = ofKind('Secret');
  expect(at(secret, 'metadata', 'labels', 'external-secrets.io/type')).toBe('webhook');
  const [source] = at(webhook, 'secrets') as Yaml[];
  expect(at(source, 'secretRef', 'name')).toBe(at(secret, 'metadata', 'name'));
  const name = at(source, 'name') as string;
  const stored = Object.keys(at(secret, 'stringData') as Record<string, string>);
  const secrets = { [name]: Object.fromEntries(stored.map((key) => [key, GOOD_KEY])) };
  const escaped = { key: queryEscape(remoteRef.key), version: queryEscape(remoteRef.version) };
  const url = new URL(fill(at(webhook, 'url') as string, { remoteRef: escaped }));
  const headers = Object.fromEntries(
    Object.entries(at(webhook, 'headers') as Record<string, string>).map(([header, template]) => [
      header,
      fill(template, secrets),
    ]),
  );
  const request = (options: RequestOptions): ReturnType<typeof httpsRequest> =>
    // The name of the service leads to the pod; its certificate here is that of the tests.
    httpsRequest({ ...options, ca: TEST_TLS_CERTIFICATE, servername: 'localhost' });
  const sent = { key: null, headers: { ...headers, host: url.host }, request };
  expect(at(webhook, 'method')).toBe('GET');
  expect(at(webhook, 'result', 'jsonPath')).toBe('$.value');
  return call(`https://127.0.0.1:${port}`, url.pathname + url.search, sent);
}

test('the manifest of the guide gets the value, over TLS, as External Secrets Operator calls it', async () => {
  await using folder = await makeFolder();
  const localTlsCertFile = join(folder.path, 'tls.crt');
  const localTlsKeyFile = join(folder.path, 'tls.key');
  await writeFile(localTlsCertFile, TEST_TLS_CERTIFICATE);
  await writeFile(localTlsKeyFile, TEST_TLS_KEY, { mode: 0o600 });
  const config = { localListen: ['0.0.0.0:0'], localHosts: [SERVICE], localTlsCertFile, localTlsKeyFile };
  await using it = await LocalFixture.start({ config });
  const { port } = new URL(it.delegate.localAddresses[0] ?? '');
  const [entry] = at(ofKind('ExternalSecret'), 'spec', 'data') as Yaml[];
  const key = at(entry, 'remoteRef', 'key') as string;
  expect(key).toBe('shop/production/db-password');
  // The name alone is what the fixture stores; the server grants it at that place.
  await it.storeAt({ application: 'shop', environment: 'production' }, 'db-password', 'correct horse');
  const answer = await readAsOperator({ key, version: '' }, port);
  expect(answer.status).toBe(200);
  expect(answer.json.value).toBe('correct horse');
  expect(it.server.asked).toMatchObject([{ callerToken: GOOD_KEY, purpose: 'external-secrets' }]);
  // What it takes for deleted is only what the server says is not there.
  expect((await readAsOperator({ key: 'shop/production/other', version: '' }, port)).status).toBe(404);
  it.it.connection.drop();
  await it.it.server.close();
  while (it.delegate.state().name === 'connected') await new Promise((resolve) => setImmediate(resolve));
  expect((await readAsOperator({ key, version: '' }, port)).status).toBe(503);
});
