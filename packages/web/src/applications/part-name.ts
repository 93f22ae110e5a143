// Names of applications, environments and services, judged before they are sent. The server decides.
import { checkSecretName } from '@sallyport/core';
import { complaintOf } from '../ui/field-errors.ts';

/** What is wrong with a new name, for a person; null: nothing that can be seen here. */
export function judgePartName(name: string): string | null {
  if (name === '') return 'It needs a name.';
  return complaintOf(checkSecretName, name) === null
    ? null
    : '1 to 128 letters, digits, "_", "-", "." and inner spaces, beginning with a letter or digit.';
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const PATH_SEGMENT = /^(?!\.{1,2}$)[^\p{C}/\\]+$/u;

/** The same for the name of a variable or file of a service. */
export function judgeEntryName(kind: 'variable' | 'file', name: string): string | null {
  if (name === '') return kind === 'variable' ? 'Which variable?' : 'Which file?';
  if (kind === 'variable') {
    return VARIABLE.test(name) ? null : 'Letters, digits and "_", at most 255, not beginning with a digit.';
  }
  return name.split('/').every((segment) => PATH_SEGMENT.test(segment))
    ? null
    : 'A relative path such as etc/tls.pem; no part of it is empty, "." or "..".';
}
