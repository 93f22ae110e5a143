// Public face of the masking package: values go in once, and every output that passes through is shown without them. Nothing of Node is
// behind it.
export { createMasker, DEFAULT_MASK, ENCODED_MAX_BYTES, MASKED_MAX_BYTES } from './masker/create-masker.ts';
export type {
  MaskedValue,
  Masker,
  MaskerOptions,
  MaskingProblem,
  MaskingReport,
} from './masker/create-masker.ts';
export { copyMasked } from './masker/copy-masked.ts';
export type { CopyOptions } from './masker/copy-masked.ts';
export { explainProblem, isMasked } from './masker/explain-problem.ts';
export { judgeValue, MASKED_MIN_BYTES } from './masker/judge-value.ts';
export type { ValueProblem } from './masker/judge-value.ts';
export type { MaskingStream } from './masker/masking-stream.ts';
