// What passes between the lab's HTTP server and its services: a request that was read to its end, the call that it turned out to be,
// and an answer to write.
import type { CallTrace, LabService } from './call-log.ts';
import type { ServiceError } from './service-error.ts';
import type { SignedRequest } from './signature-v4.ts';

export type LabRequest = SignedRequest & {
  /** Path without the query and without the lab's own prefix for regional endpoints. */
  path: string;
  /** Region of a regional endpoint (`/regions/REGION/`); `null` at the endpoint for all regions. */
  endpointRegion: string | null;
  sourceAddress: string;
};

export type LabAnswer = {
  status: number;
  contentType: string;
  body: string;
  /** Further headers. */
  headers?: Readonly<Record<string, string>>;
};

/** A request that a service recognised as its own. Faults come between recognising and executing. */
export type ServiceCall = {
  service: LabService;
  operation: string;
  /** Ids of keys that the request names, for faults that concern one key. */
  keyIds: readonly string[];
  /** Does the work, filling in the trace; throws `ServiceError` for refusals. */
  execute(trace: CallTrace, requestId: string): LabAnswer;
  /** Words an error in the service's protocol. */
  renderError(error: ServiceError, requestId: string): LabAnswer;
  /** How the service says that it throttles. */
  throttling(): ServiceError;
};
