// The three calls to STS: who am I, assume a role, exchange a web identity token. Each within one deadline, each failure classified.
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { AppError } from '@sallyport/core';
import { withDeadline } from '../connection/deadline.ts';
import { ThrottleWatch, WATCH_LOCATION } from '../connection/throttle-watch.ts';
import type { Connection } from '../connection/connection.ts';
import type { AwsIdentity } from '../credentials/aws-identity.ts';
import { sendRenewing } from '../credentials/send-renewing.ts';
import type { StableCredentials } from '../credentials/stable-credentials.ts';
import { stageOf } from '../failure/aws-call.ts';
import type { AssumeRoleCall, AwsCall } from '../failure/aws-call.ts';
import { classifyAwsFailure } from '../failure/classify.ts';
import type { CallerIdentity } from './caller-identity.ts';

/** Parameters of AssumeRole. */
export type AssumeRoleRequest = {
  roleArn: string;
  externalId: string | null;
  /** 900 to 43,200. */
  durationSeconds: number;
  sessionName: string;
  /** Inline session policy, JSON. */
  sessionPolicy: string;
};

/** STS in one region, called with one set of credentials. */
export class StsCalls {
  readonly #connection: Connection;
  readonly #region: string;
  readonly #credentials: StableCredentials | null;
  readonly #client: STSClient;
  readonly #watch = new ThrottleWatch();

  /** @param options.credentials `null`: only `assumeRoleWithWebIdentity` can be called, which is not signed */
  constructor(connection: Connection, options: { region: string; credentials: StableCredentials | null }) {
    const { region, credentials } = options;
    this.#connection = connection;
    this.#region = region;
    this.#credentials = credentials;
    const provider = credentials?.provider ?? null;
    this.#client = new STSClient(connection.clientOptions('sts', { region, credentials: provider }));
    this.#client.middlewareStack.addRelativeTo(this.#watch.middleware(null), WATCH_LOCATION);
  }

  /** @throws {aws-unreachable} {aws-credentials} {aws-throttled} {aws-failed} */
  async callerIdentity(signal: AbortSignal | null): Promise<CallerIdentity> {
    const call: AwsCall = { ...this.#place('sts:GetCallerIdentity'), purpose: 'identity' };
    const answer = await this.#send({ call, signal }, (abortSignal) =>
      this.#client.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
    if (answer.Arn === undefined || answer.Account === undefined) throw incomplete(call);
    return { arn: answer.Arn, accountId: answer.Account };
  }

  /**
   * @param caller.principalArn who assumes, for the message of a failure; `null` when not known
   * @throws {assume-role-failed} {aws-unreachable} {aws-credentials} {aws-throttled} {aws-failed}
   */
  async assumeRole(
    request: AssumeRoleRequest,
    caller: { principalArn: string | null; signal: AbortSignal | null },
  ): Promise<AwsIdentity> {
    const { roleArn, externalId, durationSeconds } = request;
    const { principalArn, signal } = caller;
    const what = { purpose: 'assume-role', roleArn, externalId, durationSeconds, principalArn } as const;
    const call: AssumeRoleCall = { ...this.#place('sts:AssumeRole'), ...what };
    const input = {
      RoleArn: roleArn,
      RoleSessionName: request.sessionName,
      DurationSeconds: durationSeconds,
      Policy: request.sessionPolicy,
      ...(externalId === null ? {} : { ExternalId: externalId }),
    };
    const answer = await this.#send({ call, signal }, (abortSignal) =>
      this.#client.send(new AssumeRoleCommand(input), { abortSignal }),
    );
    return identityOf(answer.Credentials, call);
  }

  /** @throws {aws-credentials} {aws-unreachable} {aws-throttled} {aws-failed} */
  async assumeRoleWithWebIdentity(request: {
    roleArn: string;
    sessionName: string;
    token: string;
  }): Promise<AwsIdentity> {
    const { roleArn, sessionName, token } = request;
    const call: AwsCall = {
      ...this.#place('sts:AssumeRoleWithWebIdentity'),
      purpose: 'web-identity',
      roleArn,
    };
    const input = { RoleArn: roleArn, RoleSessionName: sessionName, WebIdentityToken: token };
    const answer = await this.#send({ call, signal: null }, (abortSignal) =>
      this.#client.send(new AssumeRoleWithWebIdentityCommand(input), { abortSignal }),
    );
    return identityOf(answer.Credentials, call);
  }

  #place(action: string) {
    const endpoint = this.#connection.endpointOverride('sts');
    return { service: 'sts', action, region: this.#region, endpoint } as const;
  }

  async #send<T>(
    use: { call: AwsCall; signal: AbortSignal | null },
    send: (abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { call, signal } = use;
    const credentials = this.#credentials;
    const deadlineMs = this.#connection.limits.stsTimeoutMs;
    let sent: AbortSignal | null = null;
    try {
      return await withDeadline({ signal, deadlineMs }, async (abortSignal) => {
        sent = abortSignal;
        return credentials === null ? send(abortSignal) : sendRenewing(credentials, () => send(abortSignal));
      });
    } catch (thrown) {
      signal?.throwIfAborted();
      throw classifyAwsFailure(this.#watch.causeOf(thrown, sent), call);
    }
  }
}

type StsCredentials = {
  AccessKeyId: string | undefined;
  SecretAccessKey: string | undefined;
  SessionToken: string | undefined;
  Expiration: Date | undefined;
};

function identityOf(credentials: StsCredentials | undefined, call: AwsCall): AwsIdentity {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined) throw incomplete(call);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}

/** An answer that is no error and yet lacks what was asked for: not from AWS, or cut off on the way. */
function incomplete(call: AwsCall): AppError {
  return new AppError('aws-failed', {
    publicMessage: `STS in ${call.region} gave an incomplete answer to ${call.action}.`,
    data: { stage: stageOf(call), action: call.action, region: call.region },
  });
}
