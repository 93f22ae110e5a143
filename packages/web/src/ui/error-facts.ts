// What a person needs to know of an error: what is wrong, what to do next, and the facts that support or an operator will ask for.
import { isAppError } from '@sallyport/sdk/browser';
import type { ErrorCode, ErrorData } from '@sallyport/sdk/browser';

export type ErrorFacts = {
  /** `null`: a fault of this page, which has no code. */
  code: ErrorCode | null;
  message: string;
  /** What to do next. */
  hint: string | null;
  /** Further facts, in reading order. */
  rows: readonly { label: string; value: string }[];
  /** A policy statement that would allow what AWS refused, as JSON. */
  missingStatement: string | null;
  /** Whether the same may succeed when simply tried again. */
  retryable: boolean;
};

/** Messages that speak of requests and keys, said to somebody who sees a page. */
const MESSAGES: Partial<Record<ErrorCode, string>> = { unauthenticated: 'Your session has ended.' };

/** Next steps in a browser, where the error itself speaks of commands. */
const IN_A_BROWSER: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'Sign in, then do it once more: it was not done.',
  'no-delegate': 'Look at Delegates: it shows which are connected, and why each one is not eligible.',
  'delegate-token-invalid': 'Create a new delegate token and start the delegate with it.',
  'ambiguous-name': 'Open the one that is meant from the list; each has an address of its own.',
  'delegate-untrusted': "Compare the fingerprint with the one in the delegate's own log.",
  'workload-refused': 'Compare its issuer, audience and claims, or its role ARN, with what Access shows.',
  unreachable:
    'Check your network, and that the server runs. Nothing that was not answered is known to be done.',
  'envelope-rejected': 'Open the history of the secret: older versions may still open.',
  'delegate-key-changed':
    'If the delegate was set up anew, compare the new fingerprint with the one in its own log before you trust it. If not, do not go on.',
};
/** What browsers and the build's loader say when code or style of a page cannot be had. */
const NOT_LOADED = /dynamically imported module|importing a module script|preload CSS/i;
const SPEAKS_OF_COMMANDS = /`sallyport |--[a-z]|SALLYPORT_/;

export function factsOf(error: unknown): ErrorFacts {
  if (!isAppError(error)) {
    const isMissing = error instanceof Error && NOT_LOADED.test(error.message);
    return {
      code: null,
      message: isMissing
        ? 'A part of this page did not come from the server.'
        : 'Something in this page went wrong.',
      hint: isMissing
        ? 'Check your network, and that the server runs; then load the page again.'
        : 'Load the page again. If it happens again, report it with what you did before.',
      rows: error instanceof Error ? [{ label: 'Fault', value: error.message }] : [],
      missingStatement: null,
      retryable: false,
    };
  }
  const { code, publicMessage, data, retryable } = error;
  return {
    code,
    message: MESSAGES[code] ?? publicMessage,
    hint: hintOf(code, data.hint ?? null),
    rows: rowsOf(data),
    missingStatement: data.missingStatement ?? null,
    retryable,
  };
}

function hintOf(code: ErrorCode, own: string | null): string | null {
  const here = IN_A_BROWSER[code] ?? null;
  return own === null || (here !== null && SPEAKS_OF_COMMANDS.test(own)) ? here : own;
}

function rowsOf(data: ErrorData): { label: string; value: string }[] {
  const rows: [string, unknown][] = [
    ['Delegate', data.delegate],
    ['Stage', data.stage],
    ['AWS error', data.awsCode],
    ['AWS request id', data.requestId],
    ['Request id', data['serverRequestId']],
  ];
  return rows.flatMap(([label, value]) =>
    typeof value === 'string' && value !== '' ? [{ label, value }] : [],
  );
}
