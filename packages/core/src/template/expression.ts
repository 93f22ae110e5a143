// What may stand between `${` and `}`. Everything that begins like one of ours has to be one of ours, so that a misspelt name is not
// left in a text; everything else, such as `${HOME}`, belongs to whoever reads the text later and is left alone.

/** Where something stands in a template; both from 1, columns in UTF-16 units. */
export type Position = { line: number; column: number };

/** A name or path: written down, or the value of a variable. */
export type Operand =
  | { kind: 'literal'; text: string }
  | { kind: 'variable'; name: string }
  | { kind: 'service-variable'; name: string };

export type Expression =
  | { kind: 'secret'; reference: Operand }
  | { kind: 'config-file'; path: Operand; isBase64: boolean }
  | { kind: 'service-variable'; name: string }
  | { kind: 'variable'; name: string };

/** `reason` continues "line 3, column 5: ". */
export type ExpressionOutcome = { expression: Expression } | { reason: string };

const OURS = /^(secrets?|configfiles?|servicevariables?|variables?)\.|^workflow\.variables\.|^sally:\/\//i;
const VARIABLE = /^(?:variable|workflow\.variables)\.([A-Za-z_][A-Za-z0-9_-]*)$/;
const SERVICE_VARIABLE = /^serviceVariable\.([A-Za-z_][A-Za-z0-9_]*)$/;
const CALL = /^(secrets\.getValue|configFile\.getAsString|configFile\.getAsBase64)\s*\(\s*([^]*?)\s*\)$/;
const FORMS =
  '${secrets.getValue("name")}, ${sally://application/environment/name}, ${serviceVariable.name}, ${configFile.getAsString("path")}, ${configFile.getAsBase64("path")} and ${variable.name}';

/** Whether the text between the braces is meant for us. */
export function isOurs(inner: string): boolean {
  return OURS.test(inner.trimStart());
}

/** Reads an expression, without filters. */
export function parseExpression(text: string): ExpressionOutcome {
  if (text.startsWith('sally://')) {
    return { expression: { kind: 'secret', reference: { kind: 'literal', text } } };
  }
  const [, variable] = VARIABLE.exec(text) ?? [];
  if (variable !== undefined) return { expression: { kind: 'variable', name: variable } };
  const [, serviceVariable] = SERVICE_VARIABLE.exec(text) ?? [];
  if (serviceVariable !== undefined) {
    return { expression: { kind: 'service-variable', name: serviceVariable } };
  }
  const [, call, argument = ''] = CALL.exec(text) ?? [];
  if (call === undefined) return { reason: `this is none of the forms that are known: ${FORMS}` };
  const operand = parseOperand(argument);
  if (operand === null) {
    return {
      reason: `${call} takes one name, in single or double quotes, or variable.name or serviceVariable.name`,
    };
  }
  if (call === 'secrets.getValue') return { expression: { kind: 'secret', reference: operand } };
  return { expression: { kind: 'config-file', path: operand, isBase64: call.endsWith('Base64') } };
}

function parseOperand(text: string): Operand | null {
  const [, , literal] = /^(["'])((?:(?!\1)[^])*)\1$/.exec(text) ?? [];
  if (literal !== undefined) {
    // A quoted expression is what it stands for, as in "${variable.name}".
    const [, inner] = /^\$\{\s*([^{}]*?)\s*\}$/.exec(literal) ?? [];
    if (inner !== undefined) return parseVariable(inner);
    return literal.trim() === '' ? null : { kind: 'literal', text: literal };
  }
  return parseVariable(text);
}

function parseVariable(text: string): Operand | null {
  const [, variable] = VARIABLE.exec(text) ?? [];
  if (variable !== undefined) return { kind: 'variable', name: variable };
  const [, serviceVariable] = SERVICE_VARIABLE.exec(text) ?? [];
  return serviceVariable === undefined ? null : { kind: 'service-variable', name: serviceVariable };
}
