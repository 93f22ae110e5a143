// The methods of the control port, each with the fields that it takes: a misspelt or mistyped field is refused, not dropped.
import type { CallFilter } from './call-log.ts';
import type { FaultHandle, FaultOptions } from './faults.ts';
import type { EcsSettings, ImdsSettings } from './host-credentials.ts';
import type { AwsLab, LabEndpoint } from './lab.ts';
import { seedDemo } from './seed-demo.ts';

type Args = Record<string, unknown>;
/** `?` marks a field that may be missing; `policy` is one policy, `policies` one or several. */
type FieldType = 'string' | 'number' | 'boolean' | 'policy' | 'policies' | 'strings' | 'text-or-null';
type Fields = Readonly<Record<string, FieldType | `${FieldType}?`>>;

export type ControlMethod = {
  /** What is wrong with the arguments, or `null`. */
  check(args: Args): string | null;
  run(args: Args): unknown;
};

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const CHECKS: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  policy: isObject,
  policies: (value) => isObject(value) || (Array.isArray(value) && value.every(isObject)),
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'text-or-null': (value) => value === null || typeof value === 'string',
};

/** The methods by name. */
export function controlMethods(lab: AwsLab): ReadonlyMap<string, ControlMethod> {
  return new Map([...keyMethods(lab), ...identityMethods(lab), ...otherMethods(lab)]);
}

/** `run` may say what its arguments are, since their fields were checked by then. */
function method(fields: Fields, run: (args: never) => unknown): ControlMethod {
  return { check: (args) => checkFields(fields, args), run: (args) => run(args as never) };
}

function checkFields(fields: Fields, args: Args): string | null {
  const unknownField = Object.keys(args).find((name) => !Object.hasOwn(fields, name));
  if (unknownField !== undefined) return `There is no field "${unknownField}".`;
  for (const [name, type] of Object.entries(fields)) {
    const isOptional = type.endsWith('?');
    const base = (isOptional ? type.slice(0, -1) : type) as FieldType;
    if (args[name] === undefined ? !isOptional : !CHECKS[base](args[name]))
      return `"${name}" must be: ${base}.`;
  }
  return null;
}

type Parameter<Method extends (first: never) => unknown> = NonNullable<Parameters<Method>[0]>;
type Arn = { arn: string };

function keyMethods(lab: AwsLab): [string, ControlMethod][] {
  const { keys } = lab;
  const options: Fields = {
    region: 'string?',
    accountId: 'string?',
    spec: 'string?',
    usage: 'string?',
    origin: 'string?',
    multiRegion: 'boolean?',
    state: 'string?',
    policy: 'policy?',
    keyId: 'string?',
    description: 'string?',
  };
  return [
    ['keys.create', method(options, (args: Parameter<typeof keys.create>) => keys.create(args))],
    [
      'keys.replicate',
      method(
        { arn: 'string', region: 'string', policy: 'policy?' },
        (args: Parameter<typeof keys.replicate>) => keys.replicate(args),
      ),
    ],
    [
      'keys.setState',
      method({ arn: 'string', state: 'string' }, (args: Parameter<typeof keys.setState>) =>
        keys.setState(args),
      ),
    ],
    [
      'keys.setPolicy',
      method({ arn: 'string', policy: 'policy' }, (args: Parameter<typeof keys.setPolicy>) =>
        keys.setPolicy(args),
      ),
    ],
    ['keys.rotate', method({ arn: 'string' }, ({ arn }: Arn) => keys.rotate(arn))],
    [
      'keys.setAlias',
      method({ name: 'string', arn: 'string' }, (args: Parameter<typeof keys.setAlias>) =>
        keys.setAlias(args),
      ),
    ],
    ['keys.deleteAlias', method({ arn: 'string' }, ({ arn }: Arn) => keys.deleteAlias(arn))],
    ['keys.delete', method({ arn: 'string' }, ({ arn }: Arn) => keys.delete(arn))],
    ['keys.get', method({ arn: 'string' }, ({ arn }: Arn) => keys.get(arn))],
    ['keys.list', method({}, () => keys.list())],
  ];
}

function identityMethods(lab: AwsLab): [string, ControlMethod][] {
  const { identities, sessions } = lab;
  const user: Fields = { name: 'string', accountId: 'string?', path: 'string?', policies: 'policies?' };
  const role: Fields = { ...user, trustPolicy: 'policy', maxSessionSeconds: 'number?' };
  const roleChange: Fields = {
    arn: 'string',
    trustPolicy: 'policy?',
    policies: 'policies?',
    maxSessionSeconds: 'number?',
  };
  const webToken: Fields = {
    issuer: 'string',
    subject: 'string',
    audience: 'string',
    expiresInSeconds: 'number?',
  };
  return [
    [
      'identities.createUser',
      method(user, (args: Parameter<typeof identities.createUser>) => identities.createUser(args)),
    ],
    [
      'identities.createAccessKey',
      method({ arn: 'string' }, ({ arn }: Arn) => identities.createAccessKey(arn)),
    ],
    [
      'identities.setAccessKeyActive',
      method(
        { accessKeyId: 'string', active: 'boolean' },
        (args: Parameter<typeof identities.setAccessKeyActive>) => identities.setAccessKeyActive(args),
      ),
    ],
    [
      'identities.setUserPolicies',
      method({ arn: 'string', policies: 'policies' }, (args: Parameter<typeof identities.setUserPolicies>) =>
        identities.setUserPolicies(args),
      ),
    ],
    [
      'identities.createRole',
      method(role, (args: Parameter<typeof identities.createRole>) => identities.createRole(args)),
    ],
    [
      'identities.updateRole',
      method(roleChange, (args: Parameter<typeof identities.updateRole>) => identities.updateRole(args)),
    ],
    ['identities.deleteRole', method({ arn: 'string' }, ({ arn }: Arn) => identities.deleteRole(arn))],
    [
      'identities.addOidcProvider',
      method(
        { issuer: 'string', audiences: 'strings', accountId: 'string?' },
        (args: Parameter<typeof identities.addOidcProvider>) => identities.addOidcProvider(args),
      ),
    ],
    [
      'identities.issueWebIdentityToken',
      method(webToken, (args: Parameter<typeof identities.issueWebIdentityToken>) =>
        identities.issueWebIdentityToken(args),
      ),
    ],
    [
      'sessions.mint',
      method(
        { roleArn: 'string', sessionName: 'string?', durationSeconds: 'number?', policy: 'policy?' },
        (args: Parameter<typeof sessions.mint>) => sessions.mint(args),
      ),
    ],
    ['sessions.expire', method({ arn: 'string' }, ({ arn }: Arn) => sessions.expire(arn))],
    ['sessions.revoke', method({ arn: 'string' }, ({ arn }: Arn) => sessions.revoke(arn))],
  ];
}

function otherMethods(lab: AwsLab): [string, ControlMethod][] {
  const handles = new Map<string, FaultHandle>();
  const imds: Fields = {
    roleArn: 'text-or-null?',
    instanceId: 'string?',
    region: 'string?',
    allowV1: 'boolean?',
    tokenStatus: 'number?',
    credentialsSeconds: 'number?',
  };
  const fault: Fields = {
    service: 'string',
    kind: 'string',
    operation: 'string?',
    keyId: 'string?',
    times: 'number?',
    milliseconds: 'number?',
    code: 'string?',
    status: 'number?',
    message: 'string?',
  };
  const filter: Fields = {
    service: 'string?',
    eventName: 'string?',
    region: 'string?',
    principalArn: 'text-or-null?',
    accessKeyId: 'string?',
    keyArn: 'text-or-null?',
    roleArn: 'text-or-null?',
    sessionName: 'string?',
    requestId: 'string?',
    errorCode: 'text-or-null?',
    dryRun: 'boolean?',
    fault: 'text-or-null?',
  };
  return [
    ['imds.set', method(imds, (args: Partial<ImdsSettings>) => lab.imds.set(args))],
    [
      'ecs.set',
      method(
        { authorizationToken: 'text-or-null?', credentialsSeconds: 'number?' },
        (args: Partial<EcsSettings>) => lab.ecs.set(args),
      ),
    ],
    [
      'ecs.credentialsUri',
      method({ role: 'string' }, ({ role }: { role: string }) => lab.ecsCredentialsUri(role)),
    ],
    [
      'clock.advance',
      method({ milliseconds: 'number' }, (args: { milliseconds: number }) =>
        lab.clock.advance(args.milliseconds),
      ),
    ],
    [
      'faults.add',
      method(fault, (args: FaultOptions) => {
        const id = String(handles.size + 1);
        handles.set(id, lab.faults.add(args));
        return { id };
      }),
    ],
    ['faults.remove', method({ id: 'string' }, ({ id }: { id: string }) => handles.get(id)?.remove())],
    ['faults.hits', method({ id: 'string' }, ({ id }: { id: string }) => handles.get(id)?.hits())],
    ['faults.clear', method({}, () => lab.faults.clear())],
    ['calls', method(filter, (args: CallFilter) => lab.calls(args))],
    ['resetCalls', method({}, () => lab.resetCalls())],
    [
      'partition',
      method({ endpoint: 'string' }, async ({ endpoint }: { endpoint: LabEndpoint }) =>
        lab.partition(endpoint),
      ),
    ],
    [
      'heal',
      method({ endpoint: 'string' }, async ({ endpoint }: { endpoint: LabEndpoint }) => lab.heal(endpoint)),
    ],
    ['seedDemo', method({}, () => seedDemo(lab))],
  ];
}
