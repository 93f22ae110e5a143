// What a report says to people. Never the value, and nothing that narrows it down further than the rule does.
import type { MaskingProblem } from './create-masker.ts';
import { VALUE_PROBLEMS } from './judge-value.ts';

const EXPLANATIONS: Readonly<Record<MaskingProblem, string>> = {
  ...VALUE_PROBLEMS,
  'too-long': 'is too long to be masked',
  'not-encoded': 'is masked as it is, but not in base64 or other encodings: it is too long for that',
  'short-lines': 'has lines that are too short or too common to be masked one by one',
};

/** Whether the value is masked at all. */
export function isMasked(problem: MaskingProblem): boolean {
  return problem === 'not-encoded' || problem === 'short-lines';
}

/** To be put after a name: `db-password is too short to be masked: …`. */
export function explainProblem(problem: MaskingProblem): string {
  return EXPLANATIONS[problem];
}
