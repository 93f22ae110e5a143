// Reading a preflight's result in tests.
import type { PolicyDocument, PolicyStatement } from '@sallyport/testkit/lab';
import type { PreflightResult } from '../src/index.ts';

export const outcomes = (result: PreflightResult) =>
  result.stages.map(({ action, outcome }) => `${action}: ${outcome}`);
export const failures = (result: PreflightResult) =>
  result.stages.filter(({ outcome }) => outcome === 'failed');
export const statementOf = (result: PreflightResult, action: string): unknown =>
  JSON.parse(result.stages.find((stage) => stage.action === action)?.missingStatement ?? 'null');

/** A policy of one statement, as somebody would paste it. */
export const policyOf = (statement: unknown): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [statement as PolicyStatement],
});
