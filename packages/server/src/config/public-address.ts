// The address that people use for this server. It is never taken from a request: whoever can choose the Host header could otherwise have
// links made that lead elsewhere.

export class PublicAddress {
  #url: string | null;

  /** @param publicUrl of the settings; null: wherever the server turns out to listen */
  constructor(publicUrl: string | null) {
    this.#url = publicUrl;
  }

  /** To be called once the server listens. */
  listensOn(address: string): void {
    this.#url ??= address;
  }

  /** E.g. `https://sallyport.example.com`, without a slash at the end; empty before the server listens. */
  get url(): string {
    return this.#url ?? '';
  }
}
