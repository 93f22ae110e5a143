// What tests do to a Vault before something is imported from it: the same requests to a pretended and to a real one.
export class VaultClient {
  readonly #server: { address: string; token: string };

  constructor(server: { address: string; token: string }) {
    this.#server = server;
  }

  /** Any request, with its answer as it came. */
  async call(
    method: string,
    path: string,
    options: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; body: unknown }> {
    const { body, token = this.#server.token, headers } = options;
    const response = await fetch(`${this.#server.address}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': token, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  async #do(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** @param version of key and value; null: an engine of another type, transit */
  async mount(path: string, version: 1 | 2 | null): Promise<void> {
    const kind =
      version === null ? { type: 'transit' } : { type: 'kv', options: { version: String(version) } };
    await this.#do('POST', `sys/mounts/${path}`, kind);
  }

  /** Adds a version to a secret of the engine `secret`. */
  async put(path: string, data: Record<string, unknown> | null): Promise<void> {
    await this.#do('POST', `secret/data/${encoded(path)}`, { data });
  }

  /** Deletes the newest version, as `vault kv delete`. */
  async remove(path: string): Promise<void> {
    await this.#do('DELETE', `secret/data/${encoded(path)}`);
  }

  async destroy(path: string, version: number): Promise<void> {
    await this.#do('POST', `secret/destroy/${encoded(path)}`, { versions: [version] });
  }

  /** Metadata alone: a secret that never had a version. */
  async describe(path: string): Promise<void> {
    await this.#do('POST', `secret/metadata/${encoded(path)}`, { max_versions: 3 });
  }

  /** Stores in an engine of version 1. */
  async putOne(path: string, data: Record<string, unknown>): Promise<void> {
    await this.#do('POST', encoded(path), data);
  }

  /** A token that may do this and nothing else. */
  async tokenFor(name: string, capabilities: Record<string, string>): Promise<string> {
    const path = Object.fromEntries(
      Object.entries(capabilities).map(([rule, capability]) => [rule, { capabilities: [capability] }]),
    );
    await this.#do('POST', `sys/policies/acl/${name}`, { policy: JSON.stringify({ path }) });
    const made = await this.#do('POST', 'auth/token/create', { policies: [name], no_default_policy: true });
    return (made as { auth: { client_token: string } }).auth.client_token;
  }

  async revoke(token: string): Promise<void> {
    await this.#do('POST', 'auth/token/revoke', { token });
  }
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
