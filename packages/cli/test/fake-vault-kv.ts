// The engines inside the pretended Vault: key and value of both versions, with the answers for versions that are deleted or destroyed,
// and engines of other types, which hold nothing. Answers are as those of a real one were seen.
import { randomUUID } from 'node:crypto';

export type Answer = { status: number; body: unknown };
export type FakeEngine = {
  type: string;
  /** null: not an engine of key and value. */
  version: 1 | 2 | null;
  /** @param asked.path below the mount; LIST is a method of its own */
  answer(asked: { method: string; path: string; body: unknown }): Answer;
  /** A success, wrapped as all of them are. */
  found(data: unknown): Answer;
};
type Version = {
  data: Record<string, unknown> | null;
  createdAt: string;
  deletedAt: string;
  isDestroyed: boolean;
};

const NOTHING: Answer = { status: 404, body: { errors: [] } };

/** @param mount only for what it says in refusals */
export function fakeKv(mount: string, version: 1 | 2 | null, type = 'kv'): FakeEngine {
  const secrets = new Map<string, Version[]>();
  const answer: FakeEngine['answer'] = ({ method, path, body }) => {
    if (version === null)
      return { status: 404, body: { errors: [`no handler for route "${mount}/${path}"`] } };
    if (version === 2) return answerTwo(secrets, { method, path, body });
    if (method === 'LIST') return listed(secrets, path);
    if (method !== 'GET') {
      secrets.set(path, [newVersion(body as Version['data'])]);
      return { status: 204, body: null };
    }
    const data = secrets.get(path)?.at(-1)?.data ?? null;
    return data === null ? NOTHING : found(sorted(data));
  };
  return { type, version, answer, found };
}

function answerTwo(
  secrets: Map<string, Version[]>,
  { method, path, body }: { method: string; path: string; body: unknown },
): Answer {
  const [part = '', ...rest] = path.split('/');
  const name = rest.join('/');
  if (method === 'LIST') return part === 'metadata' ? listed(secrets, name) : NOTHING;
  const versions = secrets.get(name) ?? [];
  const newest = versions.at(-1);
  if (method === 'GET')
    return part === 'data' && newest !== undefined ? answerOf(newest, versions.length) : NOTHING;
  if (part === 'data' && method === 'POST')
    versions.push(newVersion((body as { data: Version['data'] }).data));
  if (part === 'data' && method === 'DELETE' && newest !== undefined)
    newest.deletedAt = new Date().toISOString();
  if (part === 'destroy') {
    for (const number of (body as { versions: number[] }).versions) {
      const version = versions[number - 1];
      if (version !== undefined) version.isDestroyed = true;
    }
  }
  secrets.set(name, versions);
  return { status: 204, body: null };
}

/** A version without its value is not found, and described all the same. */
function answerOf(version: Version, number: number): Answer {
  const hasValue = version.deletedAt === '' && !version.isDestroyed;
  const metadata = {
    created_time: version.createdAt,
    custom_metadata: null,
    deletion_time: version.deletedAt,
    destroyed: version.isDestroyed,
    version: number,
  };
  const data = hasValue && version.data !== null ? sorted(version.data) : null;
  return { ...found({ data, metadata }), status: hasValue ? 200 : 404 };
}

function listed(secrets: ReadonlyMap<string, unknown>, path: string): Answer {
  const folder = path === '' || path.endsWith('/') ? path : `${path}/`;
  const below = [...secrets.keys()]
    .filter((name) => name.startsWith(folder))
    .map((name) => name.slice(folder.length));
  const keys = [...new Set(below.map((name) => name.replace(/\/[^]*$/, '/')))].toSorted();
  return keys.length === 0 ? NOTHING : found({ keys });
}

function found(data: unknown): Answer {
  const body = {
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: null,
  };
  return { status: 200, body };
}

function newVersion(data: Version['data']): Version {
  return { data, createdAt: new Date().toISOString(), deletedAt: '', isDestroyed: false };
}

/** Keys come in the order of their letters, whatever order they were stored in. */
function sorted(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
