// Reads the members of a KMS request as KMS does: wrong JSON types are a SerializationException, values out of bounds are collected
// into one ValidationException. Members that KMS does not know are ignored, as AWS ignores them.
import { ServiceError } from './service-error.ts';

type Bounds = { min?: number; max?: number; pattern?: RegExp; required?: boolean };

const MAX_GRANT_TOKENS = 10;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** One request's members. Read what the operation takes, then call `finish`, which throws when anything was out of bounds. */
export class KmsInput {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #violations: string[] = [];

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members;
  }

  /** A member that must be there. Empty string when it is not; `finish` then throws. */
  required(name: string, bounds: Bounds = {}): string {
    return this.optional(name, { ...bounds, required: true }) ?? '';
  }

  optional(name: string, bounds: Bounds = {}): string | null {
    const value = this.#member(name, bounds);
    if (value === null) return null;
    if (typeof value !== 'string' || !value.isWellFormed()) throw notConvertible(value, 'String');
    this.#checkLength(name, { value, length: value.length }, bounds);
    if (bounds.pattern !== undefined && !bounds.pattern.test(value)) {
      this.#violate(name, value, `Member must satisfy regular expression pattern: ${bounds.pattern.source}`);
    }
    return value;
  }

  /** Base64 on the wire. Empty when it is absent. */
  blob(name: string, bounds: Bounds): Buffer {
    const value = this.#member(name, bounds);
    if (value === null) return Buffer.alloc(0);
    if (typeof value !== 'string' || !BASE64.test(value)) throw notConvertible(value, 'ByteBuffer');
    const bytes = Buffer.from(value, 'base64');
    this.#checkLength(name, { value: 'java.nio.HeapByteBuffer', length: bytes.length }, bounds);
    return bytes;
  }

  integer(name: string, bounds: { min: number; max: number }): number | null {
    const value = this.#member(name, {});
    if (value === null) return null;
    if (!Number.isInteger(value)) throw notConvertible(value, 'Integer');
    const given = Number(value);
    if (given < bounds.min) {
      this.#violate(name, given, `Member must have value greater than or equal to ${bounds.min}`);
    }
    if (given > bounds.max) {
      this.#violate(name, given, `Member must have value less than or equal to ${bounds.max}`);
    }
    return given;
  }

  flag(name: string): boolean {
    const value = this.#member(name, {});
    if (value !== null && typeof value !== 'boolean') throw notConvertible(value, 'Boolean');
    return value === true;
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | null {
    const value = this.optional(name);
    if (value === null) return null;
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) {
      this.#violate(name, value, `Member must satisfy enum value set: [${choices.join(', ')}]`);
    }
    return chosen ?? null;
  }

  /** A map of strings; empty when it is absent. Empty keys are refused. */
  stringMap(name: string): Record<string, string> {
    const value = this.#member(name, {});
    if (value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) throw notConvertible(value, 'Map');
    // No prototype: a context key may well be `__proto__`.
    const map = Object.create(null) as Record<string, string>;
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string' || !text.isWellFormed() || !key.isWellFormed())
        throw notConvertible(text, 'String');
      if (key === '') this.#violate(name, '', 'Map keys must have length greater than or equal to 1');
      map[key] = text;
    }
    return map;
  }

  strings(name: string): string[] {
    const value = this.#member(name, {});
    if (value === null) return [];
    if (!Array.isArray(value)) throw notConvertible(value, 'List');
    return value.map((text: unknown) => {
      if (typeof text !== 'string') throw notConvertible(text, 'String');
      return text;
    });
  }

  /** A structure; `null` when it is absent. */
  record(name: string): Readonly<Record<string, unknown>> | null {
    const value = this.#member(name, {});
    if (value === null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) throw notConvertible(value, 'Structure');
    return value as Readonly<Record<string, unknown>>;
  }

  /** Grant tokens: the lab has no grants, so any token is refused rather than ignored. */
  noGrants(): void {
    const tokens = this.strings('GrantTokens');
    if (tokens.length > MAX_GRANT_TOKENS) {
      this.#violate(
        'GrantTokens',
        `[${tokens.length} tokens]`,
        `Member must have length less than or equal to ${MAX_GRANT_TOKENS}`,
      );
      this.finish();
    }
    if (tokens.length > 0)
      throw new ServiceError('InvalidGrantTokenException', { text: 'Grant token is not valid' });
  }

  /** Throws ValidationException when any member was out of bounds. */
  finish(): void {
    const count = this.#violations.length;
    if (count === 0) return;
    const start = count === 1 ? '1 validation error detected' : `${count} validation errors detected`;
    throw new ServiceError('ValidationException', { text: `${start}: ${this.#violations.join('; ')}` });
  }

  #member(name: string, bounds: Bounds): unknown {
    const value = Object.hasOwn(this.#members, name) ? this.#members[name] : null;
    if (value === undefined || value === null) {
      if (bounds.required === true) {
        this.#violations.push(
          `Value null at '${memberName(name)}' failed to satisfy constraint: Member must not be null`,
        );
      }
      return null;
    }
    return value;
  }

  #checkLength(name: string, given: { value: string; length: number }, bounds: Bounds): void {
    const { min = 0, max = Infinity } = bounds;
    if (given.length < min) {
      this.#violate(name, given.value, `Member must have length greater than or equal to ${min}`);
    } else if (given.length > max) {
      this.#violate(name, given.value, `Member must have length less than or equal to ${max}`);
    }
  }

  #violate(name: string, value: string | number, constraint: string): void {
    this.#violations.push(
      `Value '${value}' at '${memberName(name)}' failed to satisfy constraint: ${constraint}`,
    );
  }
}

/** AWS writes member names in such texts with a small first letter. */
function memberName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function notConvertible(value: unknown, type: string): ServiceError {
  const kind = value === null ? 'NULL_VALUE' : `${(typeof value).toUpperCase()}_VALUE`;
  return new ServiceError('SerializationException', { text: `${kind} can not be converted to a ${type}` });
}
