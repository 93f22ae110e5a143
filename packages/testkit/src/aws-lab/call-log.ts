// The lab's record of calls, shaped like CloudTrail's: who did what to which key with which encryption context, and how it ended.
// Never a plaintext, a ciphertext, a secret key or a token. Unlike CloudTrail it also keeps calls whose signature was refused, and
// calls that a fault swallowed, so that tests can count attempts.
import type { FaultKind } from './faults.ts';

/** A service that the lab speaks for. */
export type LabService = 'kms' | 'sts' | 'imds' | 'ecs';

export type LabCall = {
  service: LabService;
  /** The operation, e.g. `Decrypt`; for IMDS `GetToken`, `GetRoleName`, `GetCredentials`; for ECS `GetCredentials`. */
  eventName: string;
  timeMs: number;
  /** Also in the header `x-amzn-requestid`. */
  requestId: string;
  /** From the signature's scope; `null` when the call is not signed or was refused before. */
  region: string | null;
  /** `null` when authentication failed or does not apply. */
  principalArn: string | null;
  accessKeyId: string | null;
  /** The key that `KeyId` or the ciphertext led to; `null` when none was found. */
  keyArn: string | null;
  /** As sent, also for denied calls. */
  encryptionContext: Readonly<Record<string, string>> | null;
  /** AssumeRole and AssumeRoleWithWebIdentity, and credentials from IMDS and ECS. */
  roleArn: string | null;
  sessionName: string | null;
  externalId: string | null;
  durationSeconds: number | null;
  /** The inline session policy as sent. */
  sessionPolicy: string | null;
  dryRun: boolean;
  /** `null` for success. */
  errorCode: string | null;
  errorMessage: string | null;
  /** The injected fault that met this call, if any. */
  fault: FaultKind | null;
};

/** Selects calls; every field that is given must be equal. */
export type CallFilter = Partial<
  Pick<
    LabCall,
    | 'service'
    | 'eventName'
    | 'region'
    | 'principalArn'
    | 'accessKeyId'
    | 'keyArn'
    | 'roleArn'
    | 'sessionName'
    | 'requestId'
    | 'errorCode'
    | 'dryRun'
    | 'fault'
  >
>;

/** What a service fills in while it works on a call. */
export type CallTrace = Partial<LabCall>;

export type CallLog = {
  add(call: LabCall): void;
  calls(filter?: CallFilter): LabCall[];
  reset(): void;
};

/** Keeps the last `capacity` calls. */
export function makeCallLog(capacity: number): CallLog {
  let entries: LabCall[] = [];
  return {
    add: (call) => {
      entries.push(call);
      // Cut rarely and in bulk: shifting on each call would cost as much as the call.
      if (entries.length > capacity * 2) entries = entries.slice(-capacity);
    },
    calls: (filter = {}) => {
      const wanted = Object.entries(filter).filter(([, value]) => value !== undefined);
      return entries
        .slice(-capacity)
        .filter((call) => wanted.every(([field, value]) => call[field as keyof CallFilter] === value));
    },
    reset: () => {
      entries = [];
    },
  };
}

/** A call with everything unknown, to be completed from a trace. */
export function emptyCall(known: Pick<LabCall, 'service' | 'eventName' | 'timeMs' | 'requestId'>): LabCall {
  return {
    region: null,
    principalArn: null,
    accessKeyId: null,
    keyArn: null,
    encryptionContext: null,
    roleArn: null,
    sessionName: null,
    externalId: null,
    durationSeconds: null,
    sessionPolicy: null,
    dryRun: false,
    errorCode: null,
    errorMessage: null,
    fault: null,
    ...known,
  };
}
