// Injected faults: what a network, a proxy or a service in trouble does to a call. A fault meets a call after its operation is known
// and before its signature is checked, so a swallowed call has no effect.
import { AppError } from '@sallyport/core';
import type { LabService } from './call-log.ts';

export const FAULT_KINDS = ['latency', 'throttle', 'error', 'hang', 'reset', 'html'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type FaultOptions = {
  service: LabService;
  /** E.g. `Decrypt`; every operation unless given. */
  operation?: string;
  /** KMS only: part of the `KeyId` in the request, or of the id of the key that made its ciphertext. */
  keyId?: string;
  /** How many calls it meets before it is spent; without limit unless given. */
  times?: number;
} & (
  | { /** Answers as usual, but so much later. */ kind: 'latency'; milliseconds: number }
  | { /** The service's own throttling error, HTTP 400 (IMDS 503, ECS 429). */ kind: 'throttle' }
  | {
      /** An error of this name. `status` is 500 for names that AWS answers with 5xx, and 400 for others, unless given. */
      kind: 'error';
      code: string;
      status?: number;
      message?: string;
    }
  | { /** Takes the request and never answers. */ kind: 'hang' }
  | { /** Breaks the connection. */ kind: 'reset' }
  | {
      /** An HTML page such as a proxy in between sends; status 503 unless given. */ kind: 'html';
      status?: number;
    }
);

export type FaultHandle = {
  /** Takes the fault away; calls that hang go on hanging. */
  remove(): void;
  /** How many calls it has met. */
  hits(): number;
};

/** What a call looks like to the faults. */
export type FaultTarget = { service: LabService; operation: string; keyIds: readonly string[] };

export type Faults = {
  /** @throws {invalid-request} for an unknown kind or service */
  add(fault: FaultOptions): FaultHandle;
  /** Takes all faults away. */
  clear(): void;
};

export type FaultTable = Faults & {
  /** The faults that meet this call, in the order in which they were added; latency adds up, the first other one decides. */
  meet(target: FaultTarget): FaultOptions[];
};

const SERVER_ERRORS = new Map([
  ['KMSInternalException', 500],
  ['KeyUnavailableException', 500],
  ['InternalFailure', 500],
  ['DependencyTimeoutException', 503],
  ['ServiceUnavailable', 503],
  ['AccessDenied', 403],
  ['ExpiredToken', 403],
  ['IDPRejectedClaim', 403],
  ['RegionDisabledException', 403],
]);

/** HTTP status of an AWS error that a fault names. */
export function statusOfError(code: string): number {
  return SERVER_ERRORS.get(code) ?? 400;
}

/** Makes an empty table. */
export function makeFaultTable(): FaultTable {
  const active = new Set<{ fault: FaultOptions; hits: number }>();
  return {
    add: (fault) => {
      check(fault);
      const entry = { fault, hits: 0 };
      active.add(entry);
      return { remove: () => void active.delete(entry), hits: () => entry.hits };
    },
    clear: () => active.clear(),
    meet: (target) => {
      const met: FaultOptions[] = [];
      for (const entry of active) {
        if (!concerns(entry.fault, target)) continue;
        met.push(entry.fault);
        entry.hits += 1;
        if (entry.hits >= (entry.fault.times ?? Infinity)) active.delete(entry);
        if (entry.fault.kind !== 'latency') break;
      }
      return met;
    },
  };
}

function concerns(fault: FaultOptions, target: FaultTarget): boolean {
  const { service, operation, keyId } = fault;
  if (service !== target.service) return false;
  if (operation !== undefined && operation !== target.operation) return false;
  return (
    keyId === undefined ||
    target.keyIds.some((given) => given !== '' && (given.includes(keyId) || keyId.includes(given)))
  );
}

function check(fault: FaultOptions): void {
  if (!FAULT_KINDS.includes(fault.kind) || !['kms', 'sts', 'imds', 'ecs'].includes(fault.service)) {
    throw new AppError('invalid-request', {
      publicMessage: `A fault needs a service (kms, sts, imds, ecs) and a kind (${FAULT_KINDS.join(', ')}).`,
    });
  }
  if (fault.kind === 'latency' && !(fault.milliseconds >= 0)) {
    throw new AppError('invalid-request', { publicMessage: 'A latency fault needs its milliseconds.' });
  }
}
