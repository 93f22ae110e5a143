// One thing that was looked at, and what was found: the only form in which parts of `doctor` report.
import type { AppError, ErrorCode } from '@sallyport/core';
import { ERROR_REGISTRY } from '@sallyport/protocol';

export type Verdict = 'ok' | 'warn' | 'fail' | 'skip';

export type Finding = {
  /** What was looked at, e.g. `tls`. */
  check: string;
  verdict: Verdict;
  text: string;
  /** What to do about it; null where nothing is to be done. */
  next: string | null;
  /** Of the error behind a `fail`. */
  code: ErrorCode | null;
};

export function ok(check: string, text: string): Finding {
  return { check, verdict: 'ok', text, next: null, code: null };
}

export function warn(check: string, text: string, next: string): Finding {
  return { check, verdict: 'warn', text, next, code: null };
}

/** Something that was not looked at, and why. */
export function skipped(check: string, text: string): Finding {
  return { check, verdict: 'skip', text, next: null, code: null };
}

export function failed(check: string, error: AppError): Finding {
  const next = error.data.hint ?? ERROR_REGISTRY[error.code].nextStep;
  return { check, verdict: 'fail', text: error.publicMessage, next, code: error.code };
}
