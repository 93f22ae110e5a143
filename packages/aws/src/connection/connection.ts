// How every SDK client of this package is set up: one HTTP handler with time-outs that really abort, and no setting left for the
// SDK to look up in environment variables or configuration files on its own.
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isOn } from '../environment/aws-environment.ts';
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import type { AwsLimits } from '../environment/limits.ts';
import type { CredentialProvider } from '../credentials/aws-identity.ts';

export type AwsService = 'kms' | 'sts';

/** Settings of one client, for the constructor of any SDK client. */
export type ClientOptions = {
  region: string;
  endpoint?: string;
  credentials?: CredentialProvider;
  requestHandler: NodeHttpHandler;
  maxAttempts: number;
  retryMode: string;
  defaultsMode: 'standard';
  useFipsEndpoint: boolean;
  useDualstackEndpoint: boolean;
  ignoreConfiguredEndpointUrls: boolean;
  authSchemePreference: string[];
  userAgentAppId: string;
};

/** Connections to one endpoint at a time; more requests wait for one. */
const MAX_SOCKETS = 100;
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The pooled, keep-alive connections of one runtime, and the options that clients are built with. */
export class Connection {
  readonly environment: AwsEnvironment;
  readonly limits: AwsLimits;
  readonly #handler: NodeHttpHandler;

  constructor(environment: AwsEnvironment, limits: AwsLimits) {
    this.environment = environment;
    this.limits = limits;
    this.#handler = new NodeHttpHandler({
      connectionTimeout: limits.connectTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      // Without it a request that takes too long only writes a warning to the console.
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      // It would write to the console when all connections are busy, which the pacer and the deadlines deal with.
      logger: SILENT,
    });
  }

  /** Options of a client for one service and region; `null` credentials are for calls that are not signed. */
  clientOptions(
    service: AwsService,
    client: { region: string; credentials: CredentialProvider | null },
  ): ClientOptions {
    const endpoint = this.endpointOverride(service);
    return {
      region: client.region,
      ...(endpoint === null ? {} : { endpoint }),
      ...(client.credentials === null ? {} : { credentials: client.credentials }),
      requestHandler: this.#handler,
      maxAttempts: this.limits.maxAttempts,
      retryMode: 'standard',
      defaultsMode: 'standard',
      // An endpoint that is given excludes these switches.
      useFipsEndpoint: endpoint === null && this.environment.useFips,
      useDualstackEndpoint: endpoint === null && isOn(this.environment.env['AWS_USE_DUALSTACK_ENDPOINT']),
      ignoreConfiguredEndpointUrls: true,
      authSchemePreference: [],
      userAgentAppId: 'sallyport',
    };
  }

  /** The endpoint that replaces AWS's own for a service, or `null`. */
  endpointOverride(service: AwsService): string | null {
    return service === 'kms' ? this.environment.kmsEndpoint : this.environment.stsEndpoint;
  }

  /** Closes all connections. The clients share them, so no client is ever destroyed on its own. */
  close(): void {
    this.#handler.destroy();
  }
}

function ignore(): void {}
