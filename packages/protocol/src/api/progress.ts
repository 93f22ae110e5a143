// Answers that tell of their progress: lines of JSON (NDJSON), sent as things happen, of which the last one is the answer or the error.
// For operations that people watch; whoever does not ask for it gets the answer alone, in one piece.
import type { ErrorBody } from '../errors/wire-error.ts';

/** Media type of such an answer; a client asks for it with `accept`. */
export const PROGRESS_TYPE = 'application/x-ndjson';

/** Longest line that a client reads. */
export const PROGRESS_LINE_MAX_BYTES = 4 * 1_048_576;

/** One line. `progress` is of the schema that the route names, `answer` of its response schema. Empty lines mean nothing. */
export type ProgressLine = { progress: unknown } | { answer: unknown } | ErrorBody;
