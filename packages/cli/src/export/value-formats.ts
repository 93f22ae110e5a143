// Values as the files that other programs read. What a format cannot hold is refused by name; nothing is written nearly right.
import { isUtf8 } from 'node:buffer';
import { AppError } from '@sallyport/core';
import { dotenvValue, yamlText } from '@sallyport/core/template';
import { isVariableName, variableFor } from '../run/variable-name.ts';

export const VALUE_FORMATS = ['dotenv', 'json', 'yaml', 'shell', 'tfvars', 'k8s-secret'] as const;
export type ValueFormat = (typeof VALUE_FORMATS)[number];

/** What one Secret may hold, before it is put into base64. */
const KUBERNETES_MAX_BYTES = 1_048_576;

/** A value under the name of its secret. */
export type NamedValue = { name: string; bytes: Uint8Array };
/** For `k8s-secret`: what the object is called, and where. */
export type ManifestNames = { name: string; namespace: string | null };

type Entry = { key: string; name: string; bytes: Uint8Array };

/**
 * Prints values in their order.
 * @throws {invalid-request} when two names come to the same key, or the format cannot hold a value; names only, never values
 */
export function printValues(
  format: ValueFormat,
  values: readonly NamedValue[],
  manifest: ManifestNames | null,
): string {
  const entries = entriesOf(format, values);
  if (format === 'json') {
    // Without a prototype: `__proto__` is a key like any other.
    const object: Record<string, string> = Object.create(null) as Record<string, string>;
    const texts = allOf(entries, (entry) => textOf(entry, format));
    for (const [index, { key }] of entries.entries()) object[key] = texts[index] ?? '';
    return `${JSON.stringify(object, null, 2)}\n`;
  }
  if (format === 'k8s-secret') return manifestOf(entries, manifest ?? { name: 'secrets', namespace: null });
  if (format === 'yaml' && entries.length === 0) return '{}\n';
  return allOf(entries, (entry) => `${LINES[format](entry)}\n`).join('');
}

const LINES: Record<'dotenv' | 'yaml' | 'shell' | 'tfvars', (entry: Entry) => string> = {
  dotenv: dotenvLine,
  shell: (entry) => `export ${entry.key}='${withoutNul(entry, 'shell').replaceAll("'", String.raw`'\''`)}'`,
  yaml: (entry) => `${yamlText(entry.key)}: ${yamlValue(entry.bytes)}`,
  tfvars: (entry) => `${entry.key} = ${hclText(normalised(entry))}`,
};

/** How each format wants its keys. */
const KEYS: Record<ValueFormat, (name: string) => string> = {
  dotenv: environmentKey,
  shell: environmentKey,
  json: (name) => name,
  yaml: (name) => name,
  tfvars: (name) => beginning(name.replaceAll(/[^A-Za-z0-9_-]/g, '_'), /^[A-Za-z_]/),
  'k8s-secret': (name) => name.replaceAll(/[^A-Za-z0-9._-]/g, '_'),
};

function environmentKey(name: string): string {
  const key = beginning(variableFor(name, { transform: 'upper-snake', prefix: '' }), /^[A-Za-z_]/);
  if (isVariableName(key)) return key;
  throw refused(name, 'its name cannot be made the name of a variable');
}

function beginning(key: string, valid: RegExp): string {
  return valid.test(key) ? key : `_${key}`;
}

function entriesOf(format: ValueFormat, values: readonly NamedValue[]): Entry[] {
  const names = new Map<string, string>();
  return allOf(values, ({ name, bytes }) => {
    const key = KEYS[format](name);
    const other = names.get(key);
    if (other !== undefined) {
      throw new AppError('invalid-request', {
        publicMessage: `The secrets ${other} and ${name} would both be written as ${key}.`,
        data: { hint: 'Leave one out with --exclude, rename it, or take --format json.' },
      });
    }
    names.set(key, name);
    return { key, name, bytes };
  });
}

function textOf({ name, bytes }: Entry, format: ValueFormat): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString('utf8');
  throw refused(name, `it is not text, and ${format} holds text only`);
}

function withoutNul(entry: Entry, format: ValueFormat): string {
  const text = textOf(entry, format);
  if (text.includes('\0')) throw refused(entry.name, `it has a zero byte, which ${format} cannot hold`);
  return text;
}

function dotenvLine(entry: Entry): string {
  const value = dotenvValue(withoutNul(entry, 'dotenv'));
  if (value !== null) return `${entry.key}=${value}`;
  throw refused(entry.name, 'it has signs that readers of dotenv files take in different ways');
}

/** Terraform puts all texts into this form, so what is in another would come to it as something else. */
function normalised(entry: Entry): string {
  const text = withoutNul(entry, 'tfvars');
  if (text === text.normalize('NFC')) return text;
  throw refused(entry.name, 'it has letters put together of several signs, which Terraform changes');
}

function yamlValue(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  return isUtf8(buffer) ? yamlText(buffer.toString('utf8')) : `!!binary "${buffer.toString('base64')}"`;
}

/** A quoted template of HCL. What would begin an expression is written as an escape: doubled signs are ambiguous when several follow. */
function hclText(text: string): string {
  return JSON.stringify(text)
    .replaceAll(/\\(.)/g, (pair, sign: string) => HCL_ESCAPES[sign] ?? pair)
    .replaceAll(/[$%](?=\{)/g, (sign) => (sign === '$' ? String.raw`\u0024` : String.raw`\u0025`));
}

/** JSON has these, HCL has not. */
const HCL_ESCAPES: Readonly<Record<string, string>> = { b: String.raw`\u0008`, f: String.raw`\u000c` };

function manifestOf(entries: readonly Entry[], { name, namespace }: ManifestNames): string {
  checkKubernetesNames({ name, namespace });
  const bytesInAll = entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (bytesInAll > KUBERNETES_MAX_BYTES) {
    throw new AppError('invalid-request', {
      publicMessage: `The values have ${bytesInAll} bytes, and Kubernetes takes 1 MiB in one Secret.`,
      data: { hint: 'Choose what is written by --secret, and make several of them.' },
    });
  }
  const data = entries.map(
    ({ key, bytes }) => `  ${yamlText(key)}: "${Buffer.from(bytes).toString('base64')}"\n`,
  );
  return [
    'apiVersion: v1\nkind: Secret\nmetadata:\n',
    `  name: ${yamlText(name)}\n`,
    namespace === null ? '' : `  namespace: ${yamlText(namespace)}\n`,
    'type: Opaque\n',
    entries.length === 0 ? 'data: {}\n' : `data:\n${data.join('')}`,
  ].join('');
}

function checkKubernetesNames({ name, namespace }: ManifestNames): void {
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
  const isName =
    name.length <= 253 && name.split('.').every((part) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(part));
  if (isName && (namespace === null || label.test(namespace))) return;
  throw new AppError('invalid-request', {
    publicMessage: isName
      ? '--namespace must be one of Kubernetes: lower-case letters, digits and "-", at most 63.'
      : '--name must be a name of Kubernetes: lower-case letters, digits, "-" and ".", at most 253.',
    data: { hint: 'Give a name that Kubernetes takes: --name NAME, --namespace NAME.' },
  });
}

/** A secret that a format cannot hold. */
class Refusal extends Error {
  readonly secret: string;
  readonly why: string;

  constructor(secret: string, why: string) {
    super(why);
    this.secret = secret;
    this.why = why;
  }
}

function refused(secret: string, why: string): Refusal {
  return new Refusal(secret, why);
}

/** Each one as `write` has it. @throws {invalid-request} that names all that are refused */
function allOf<One, Written>(given: readonly One[], write: (one: One) => Written): Written[] {
  const refusals: Refusal[] = [];
  const written = given.flatMap((one) => {
    try {
      return [write(one)];
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      refusals.push(thrown);
      return [];
    }
  });
  const [first] = refusals;
  if (first === undefined) return written;
  throw new AppError('invalid-request', {
    publicMessage:
      refusals.length === 1
        ? `The secret ${first.secret} cannot be written in this format: ${first.why}.`
        : `${refusals.length} secrets cannot be written in this format:${refusals.map(({ secret, why }) => `\n  ${secret}: ${why}`).join('')}`,
    data: {
      hint: 'Take another format (json holds all text, yaml and k8s-secret hold any bytes), or leave them out with --exclude.',
    },
  });
}
