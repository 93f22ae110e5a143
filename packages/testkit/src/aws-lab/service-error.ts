// The error that a lab service answers with: an AWS error code, an HTTP status and a text, rendered as JSON or XML by the service's
// front. Mistakes in the use of the lab's own API are `AppError`s instead.

export type ServiceErrorOptions = {
  /** HTTP status; 400 unless given, since KMS answers nearly every refusal with 400 whatever its Smithy trait says. */
  status?: number;
  /** The text on the wire; `null` sends none, as KMS does for `InvalidCiphertextException`. */
  text?: string | null;
};

/** A refusal in AWS's own words. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** The AWS error name, e.g. `AccessDeniedException`. */
  readonly code: string;
  readonly status: number;
  readonly text: string | null;

  constructor(code: string, options: ServiceErrorOptions = {}) {
    super(options.text ?? code);
    this.code = code;
    this.status = options.status ?? 400;
    this.text = options.text ?? null;
  }
}
