// What a preflight found, for a person: per delegate the identity in effect and each stage, and for what failed the AWS error, what to
// do, and the policy statement that is missing.
import type { DelegatePreflight, PreflightOutcome, PreflightStage, WireError } from '@sallyport/protocol';
import { printableLine, printableLines } from './printable.ts';
import { coloured } from './terminal.ts';
import type { Terminal } from './terminal.ts';

type Paper = { terminal: Terminal; stream: 'stdout' | 'stderr' };

/** The whole report as text; colours fit the stream that it is printed on. */
export function preflightReport(paper: Paper, outcome: PreflightOutcome): string {
  if (outcome.delegates.length === 0) return 'No delegate was asked.\n';
  return outcome.delegates.map((delegate) => delegateReport(paper, delegate)).join('\n');
}

function delegateReport(paper: Paper, delegate: DelegatePreflight): string {
  const { report } = delegate;
  const passed = report?.ok === true;
  const verdict = coloured(
    paper.terminal,
    { stream: paper.stream, meaning: passed ? 'good' : 'bad' },
    passed ? 'passed' : 'FAILED',
  );
  const lines = [`Delegate ${printableLine(delegate.delegateName)}: ${verdict}`];
  if (report !== null) {
    if (report.identityArn !== null) lines.push(`  identity: ${printableLine(report.identityArn)}`);
    if (report.pinnedKeyArn !== null) lines.push(`  key: ${printableLine(report.pinnedKeyArn)}`);
    lines.push(...stageLines(paper, report.stages));
    lines.push(...report.warnings.map((warning) => `  warning: ${printableLine(warning)}`));
  }
  if (delegate.error !== undefined) lines.push(...errorLines(delegate.error, '  '));
  return `${lines.join('\n')}\n`;
}

function stageLines(paper: Paper, stages: readonly PreflightStage[]): string[] {
  const stageWidth = Math.max(0, ...stages.map(({ stage }) => stage.length));
  const actionWidth = Math.max(0, ...stages.map(({ action }) => action.length));
  return stages.flatMap(({ stage, action, outcome, elapsedMs, message, error }) => {
    const meaning = outcome === 'passed' ? 'good' : outcome === 'failed' ? 'bad' : 'dim';
    const shown = coloured(paper.terminal, { stream: paper.stream, meaning }, outcome.padEnd(7));
    const columns = [stage.padEnd(stageWidth), printableLine(action).padEnd(actionWidth), shown];
    const took = outcome === 'skipped' ? '' : `  ${Math.round(elapsedMs)} ms`;
    const said = message === undefined ? '' : `  ${printableLine(message)}`;
    const line = `  ${columns.join('  ')}${took}${said}`.trimEnd();
    return error === undefined ? [line] : [line, ...errorLines(error, '      ')];
  });
}

function errorLines(error: WireError, indent: string): string[] {
  const { awsCode, requestId, hint, missingStatement } = error.data ?? {};
  const lines = [printableLine(error.message), `code: ${error.code}`];
  if (awsCode !== undefined) {
    lines.push(
      `aws: ${printableLine(awsCode)}${requestId === undefined ? '' : ` (request id ${printableLine(requestId)})`}`,
    );
  }
  if (hint !== undefined) lines.push(`next: ${printableLine(hint)}`);
  if (missingStatement !== undefined) {
    lines.push(
      'add this statement:',
      ...printableLines(missingStatement)
        .split('\n')
        .map((line) => `  ${line}`),
    );
  }
  return lines.map((line) => indent + line);
}
