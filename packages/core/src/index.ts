// Public face of @sallyport/core: the pure domain. No I/O, no dependencies, safe in a browser.
// Node-only parts have faces of their own: `@sallyport/core/aead` and `@sallyport/core/envelope`.
export { ERROR_CODES, isErrorCode } from './errors/error-code.ts';
export type { ErrorCode } from './errors/error-code.ts';
export { AppError, invariant, isAppError } from './errors/app-error.ts';
export type { AppErrorOptions, ErrorData } from './errors/app-error.ts';
export { FAILURE_STAGES } from './errors/failure-stage.ts';
export type { FailureStage } from './errors/failure-stage.ts';
