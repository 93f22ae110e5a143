// From errors to what travels of them, and back. Without schemas, so that a web page that only calls operations needs none.
import { AppError, isErrorCode } from '@sallyport/core';
import { ERROR_REGISTRY } from './registry.ts';
import type { ErrorBody, WireError } from './wire-error.ts';

/** The part of an error that others may read; unknown faults become `internal` without any of their text. */
export function toWireError(thrown: unknown): WireError {
  if (!(thrown instanceof AppError)) {
    return {
      code: 'internal',
      message: 'An internal error occurred. Report it with the request id.',
      retryable: false,
    };
  }
  const hint = thrown.data.hint ?? ERROR_REGISTRY[thrown.code].nextStep;
  return {
    code: thrown.code,
    message: thrown.publicMessage,
    retryable: thrown.retryable,
    data: { ...thrown.data, hint },
  };
}

/** The error that another process reported, to be thrown here. */
export function fromWireError(wire: WireError): AppError {
  return new AppError(wire.code, {
    publicMessage: wire.message,
    retryable: wire.retryable,
    data: wire.data ?? {},
  });
}

/** An error body of the HTTP API; `null` for what is none, or is not of the form that `ErrorBody` describes. */
export function readErrorBody(json: unknown): ErrorBody | null {
  if (!isObject(json) || !isObject(json['error']) || typeof json['requestId'] !== 'string') return null;
  const { code, message, retryable, data } = json['error'];
  const isCode = typeof code === 'string' && isErrorCode(code);
  if (!isCode || typeof message !== 'string' || typeof retryable !== 'boolean') return null;
  if (data !== undefined && !isObject(data)) return null;
  return {
    error: { code, message, retryable, ...(data === undefined ? {} : { data }) },
    requestId: json['requestId'],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
