// Hashes passwords: argon2id (RFC 9106) with parameters that are stored beside each hash, so that they can be raised and old hashes renewed
// when their users sign in. A hash costs tens of milliseconds of a processor and 19 MiB on purpose; so that signing in cannot occupy the
// process, few are computed at a time, and when too many wait, more are refused.
import { argon2 as nodeArgon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '@sallyport/core';

export type Argon2Parameters = {
  message: Uint8Array;
  nonce: Uint8Array;
  parallelism: number;
  tagLength: number;
  /** In KiB. */
  memory: number;
  passes: number;
};

/** The port to argon2id. */
export type Argon2id = (parameters: Argon2Parameters) => Promise<Uint8Array>;

/** Node's own, off the main thread. */
export const systemArgon2id: Argon2id = async (parameters) =>
  new Promise((resolve, reject) => {
    nodeArgon2('argon2id', parameters, (error, tag) => {
      if (error === null) resolve(tag);
      else reject(error);
    });
  });

// OWASP's second choice of equal strength (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const NONCE_BYTES = 16;
const AT_A_TIME = 2;
const WAITING_MAX = 64;
const BUSY_RETRY_SECONDS = 2;

type StoredHash = { memory: number; passes: number; parallelism: number; nonce: Buffer; tag: Buffer };

export class PasswordHasher {
  readonly #argon2id: Argon2id;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  /** What is verified when there is no hash; no password fits it. */
  readonly #nobody: StoredHash = {
    ...PARAMETERS,
    nonce: randomBytes(NONCE_BYTES),
    tag: randomBytes(PARAMETERS.tagLength),
  };

  constructor(argon2id: Argon2id = systemArgon2id) {
    this.#argon2id = argon2id;
  }

  /**
   * @returns `$argon2id$v=19$m=…,t=…,p=…$<nonce>$<tag>`, both in base64 without padding
   * @throws {rate-limited} when too many are waiting
   */
  async hash(password: string): Promise<string> {
    const nonce = randomBytes(NONCE_BYTES);
    const tag = await this.#compute(password, { ...PARAMETERS, nonce });
    const { memory, passes, parallelism } = PARAMETERS;
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(nonce)}$${unpadded(tag)}`;
  }

  /**
   * Whether a password is the one that was hashed. Costs the same whatever the answer, and without a hash too.
   * @param stored as `hash` gave it; null: there is none, and the answer is no
   * @throws {rate-limited} when too many are waiting
   */
  async verify(password: string, stored: string | null): Promise<boolean> {
    const hash = stored === null ? this.#nobody : parseHash(stored);
    const { tag } = hash;
    const computed = await this.#compute(password, { ...hash, tagLength: tag.length });
    return timingSafeEqual(computed, tag) && stored !== null;
  }

  /** Whether a hash was made with other parameters than those of today, and should be made anew. */
  isOutdated(stored: string): boolean {
    const { memory, passes, parallelism, nonce, tag } = parseHash(stored);
    const isCurrent =
      memory === PARAMETERS.memory && passes === PARAMETERS.passes && parallelism === PARAMETERS.parallelism;
    return !isCurrent || nonce.length !== NONCE_BYTES || tag.length !== PARAMETERS.tagLength;
  }

  async #compute(
    password: string,
    parameters: { memory: number; passes: number; parallelism: number; tagLength: number; nonce: Uint8Array },
  ): Promise<Uint8Array> {
    await this.#turn();
    try {
      const { memory, passes, parallelism, tagLength, nonce } = parameters;
      // One spelling per password, whatever keyboard or system it is typed on (NIST SP 800-63B, 3.1.1.2).
      const message = Buffer.from(password.normalize('NFKC'), 'utf8');
      return await this.#argon2id({ message, nonce, memory, passes, parallelism, tagLength });
    } finally {
      // Handed on without a gap, so that nobody who comes now is faster than those who wait.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < AT_A_TIME) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= WAITING_MAX) {
      throw new AppError('rate-limited', {
        publicMessage: 'Too many people sign in at this moment.',
        data: { retryAfterSeconds: BUSY_RETRY_SECONDS },
      });
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function parseHash(text: string): StoredHash {
  const [, memory = '', passes = '', parallelism = '', nonce = '', tag = ''] = PHC.exec(text) ?? [];
  if (tag === '') {
    throw new AppError('internal', {
      publicMessage: 'An internal error occurred.',
      message: 'A stored password hash has a form that this version does not know.',
    });
  }
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    nonce: Buffer.from(nonce, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
