// Reads the parameters of STS calls (query protocol) and checks them against AWS's patterns and lengths, which the SDK does not.
// Source: the service model of STS; spec "STS AssumeRole".
import { ServiceError } from './service-error.ts';

/** Smallest and largest `DurationSeconds` of AssumeRole. */
export const SESSION_SECONDS = { min: 900, max: 43_200, usual: 3600 } as const;

const MAX_TAGS = 50;

type Rule = { min: number; max: number; pattern?: RegExp };

/** By parameter name. `\w` of the model is spelt out: ASCII only. */
const RULES = {
  RoleArn: { min: 20, max: 2048, pattern: /^[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd]+$/ },
  RoleSessionName: { min: 2, max: 64, pattern: /^[A-Za-z0-9_+=,.@-]*$/ },
  ExternalId: { min: 2, max: 1224, pattern: /^[A-Za-z0-9_+=,.@:/-]*$/ },
  SourceIdentity: { min: 2, max: 64, pattern: /^[A-Za-z0-9_+=,.@-]*$/ },
  Policy: { min: 1, max: 2048 },
  WebIdentityToken: { min: 4, max: 20_000 },
} as const satisfies Record<string, Rule>;

const ROLE_ARN =
  /^arn:(?:aws|aws-cn|aws-us-gov|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f|aws-eusc):iam::\d{12}:role\/(?:[\x21-\x7e]{1,511}\/)?[A-Za-z0-9_+=,.@-]{1,64}$/;

export type SessionTag = { key: string; value: string };

/** One call's parameters. Read what the operation takes, then call `finish`, which throws when anything was out of bounds. */
export class StsInput {
  readonly #parameters: URLSearchParams;
  readonly #violations: string[] = [];

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  /** A parameter that must be there. Empty string when it is not; `finish` then throws. */
  required(name: keyof typeof RULES): string {
    const value = this.optional(name);
    if (value !== null) return value;
    this.#violations.push(
      `Value null at '${parameterName(name)}' failed to satisfy constraint: Member must not be null`,
    );
    return '';
  }

  optional(name: keyof typeof RULES): string | null {
    const value = this.#parameters.get(name);
    if (value === null) return null;
    const rule: Rule = RULES[name];
    if (rule.pattern?.test(value) === false) {
      this.#violate(name, value, `Member must satisfy regular expression pattern: ${rule.pattern.source}`);
    }
    if (value.length < rule.min) {
      this.#violate(name, value, `Member must have length greater than or equal to ${rule.min}`);
    }
    if (value.length > rule.max) {
      this.#violate(name, value, `Member must have length less than or equal to ${rule.max}`);
    }
    return value;
  }

  /** An ARN that at least has the form of a role's. */
  roleArn(): string {
    const arn = this.required('RoleArn');
    if (this.#violations.length === 0 && !ROLE_ARN.test(arn)) {
      throw new ServiceError('ValidationError', { text: `${arn} is invalid` });
    }
    return arn;
  }

  /** `DurationSeconds`, or `null` when it is not given. */
  durationSeconds(): number | null {
    const text = this.#parameters.get('DurationSeconds');
    if (text === null) return null;
    if (!/^-?\d{1,10}$/.test(text)) throw new ServiceError('MalformedInput');
    const seconds = Number(text);
    if (seconds < SESSION_SECONDS.min) {
      this.#violate(
        'DurationSeconds',
        text,
        `Member must have value greater than or equal to ${SESSION_SECONDS.min}`,
      );
    }
    if (seconds > SESSION_SECONDS.max) {
      this.#violate(
        'DurationSeconds',
        text,
        `Member must have value less than or equal to ${SESSION_SECONDS.max}`,
      );
    }
    return seconds;
  }

  tags(): SessionTag[] {
    const tags: SessionTag[] = [];
    for (let index = 1; this.#parameters.has(`Tags.member.${index}.Key`); index += 1) {
      const key = this.#parameters.get(`Tags.member.${index}.Key`) ?? '';
      const value = this.#parameters.get(`Tags.member.${index}.Value`) ?? '';
      this.#checkTag(index, { key, value });
      tags.push({ key, value });
    }
    if (tags.length > MAX_TAGS)
      this.#violate(
        'Tags',
        `${tags.length} tags`,
        `Member must have length less than or equal to ${MAX_TAGS}`,
      );
    const folded = new Set(tags.map(({ key }) => key.toLowerCase()));
    if (folded.size < tags.length) {
      throw new ServiceError('InvalidParameterValue', {
        text: 'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      });
    }
    return tags;
  }

  /** What the lab does not have is refused, never ignored: a managed session policy that is skipped would widen the session. */
  refuseUnsupported(): void {
    for (const name of [
      'PolicyArns.member.1.arn',
      'SerialNumber',
      'TokenCode',
      'ProvidedContexts.member.1.ProviderArn',
    ]) {
      if (this.#parameters.has(name)) {
        throw new ServiceError('ValidationError', {
          text: `The lab does not support ${name.split('.')[0]}.`,
        });
      }
    }
  }

  /** Throws ValidationError when any parameter was out of bounds. */
  finish(): void {
    const count = this.#violations.length;
    if (count === 0) return;
    const start = count === 1 ? '1 validation error detected' : `${count} validation errors detected`;
    throw new ServiceError('ValidationError', { text: `${start}: ${this.#violations.join('; ')}` });
  }

  #checkTag(index: number, tag: SessionTag): void {
    const path = `tags.${index}.member`;
    if (tag.key.length < 1 || tag.key.length > 128) {
      this.#violate(`${path}.key`, tag.key, 'Member must have length between 1 and 128');
    }
    if (tag.value.length > 256) {
      this.#violate(`${path}.value`, tag.value, 'Member must have length less than or equal to 256');
    }
  }

  #violate(name: string, value: string, constraint: string): void {
    const quoted = name === 'Policy' || name === 'WebIdentityToken' ? 'Value' : `Value '${value}'`;
    this.#violations.push(
      `${quoted} at '${parameterName(name)}' failed to satisfy constraint: ${constraint}`,
    );
  }
}

function parameterName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
