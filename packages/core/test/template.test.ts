// Templates: what is replaced, what is left alone, how values are quoted, and where errors point.
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAppError } from '@sallyport/core';
import { indirectNames, needKey, needsOf, parseTemplate, renderTemplate } from '@sallyport/core/template';
import type { TemplateContext } from '@sallyport/core/template';

const contextOf = (
  variables: Record<string, string> = {},
  serviceVariables: Record<string, string> = {},
): TemplateContext => ({
  variables: new Map(Object.entries(variables)),
  serviceVariables: new Map(Object.entries(serviceVariables)),
});
const secretsOf = (values: Record<string, string | Uint8Array>): Map<string, Uint8Array> =>
  new Map(
    Object.entries(values).map(([reference, value]) => [
      needKey({ kind: 'secret', reference }),
      Buffer.from(value),
    ]),
  );

function render(
  text: string,
  values: Record<string, string | Uint8Array> = {},
  context = contextOf(),
): string {
  return Buffer.from(renderTemplate(parseTemplate(text), context, secretsOf(values))).toString();
}

/** What it fails with. */
function failure(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (isAppError(error)) return { code: error.code, message: error.publicMessage };
    throw error;
  }
  throw new Error('it did not fail');
}

describe('what is replaced', () => {
  test.each([
    ['a ${secrets.getValue("x")} b'],
    ["a ${secrets.getValue('x')} b"],
    ['a ${ secrets.getValue( "x" ) } b'],
    ['a ${secrets.getValue(variable.which)} b'],
    ['a ${secrets.getValue(workflow.variables.which)} b'],
    ['a ${secrets.getValue("${variable.which}")} b'],
    ['a ${secrets.getValue(serviceVariable.WHICH)} b'],
  ])('%s', (text) => {
    const context = contextOf({ which: 'x' }, { WHICH: 'x\n' });
    expect(render(text, { x: 'value' }, context)).toBe('a value b');
  });

  test('addresses, with a version, and variables of the template', () => {
    const address = 'sally://shop/prod/x@3';
    expect(
      render(`\${${address}} \${variable.stage}`, { [address]: 'v' }, contextOf({ stage: 'blue' })),
    ).toBe('v blue');
  });

  test('a value is inserted once: what looks like an expression inside it stays', () => {
    expect(render('${secrets.getValue("x")}', { x: '${secrets.getValue("y")} $${' })).toBe(
      '${secrets.getValue("y")} $${',
    );
  });

  test('everything else is left alone, and named', () => {
    const text = 'echo ${HOME} $HOME ${x:-${y}} {{ value }} ${} sally://shop/prod/x $$ ${secretive}';
    expect(render(text)).toBe(text);
    expect(parseTemplate(text).leftAlone).toEqual(['${HOME}', '${x:-${y}', '${y}', '${}', '${secretive}']);
  });

  test('$${ is a literal ${', () => {
    expect(render('$${secrets.getValue("x")} $$${variable.x}')).toBe(
      '${secrets.getValue("x")} $${variable.x}',
    );
  });

  test('config files as text and as base64', () => {
    const template = parseTemplate(
      '${configFile.getAsString("etc/a.pem")}|${configFile.getAsBase64("etc/b")}',
    );
    const values = new Map([
      ['config-file etc/a.pem', Buffer.from('text')],
      ['config-file etc/b', Buffer.from([0xff, 0x00])],
    ]);
    expect(Buffer.from(renderTemplate(template, contextOf(), values)).toString()).toBe('text|/wA=');
  });
});

describe('what is needed', () => {
  test('each thing once, with all its places', () => {
    const template = parseTemplate(
      '${secrets.getValue("x")}\n  ${secrets.getValue("x") | json}\n${serviceVariable.Y}',
    );
    expect(needsOf(template, contextOf())).toEqual([
      {
        kind: 'secret',
        reference: 'x',
        positions: [
          { line: 1, column: 1 },
          { line: 2, column: 3 },
        ],
      },
      { kind: 'service-variable', name: 'Y', positions: [{ line: 3, column: 1 }] },
    ]);
  });

  test('service variables that hold names are read first', () => {
    expect(
      indirectNames(parseTemplate('${secrets.getValue(serviceVariable.A)} ${serviceVariable.B}')),
    ).toEqual(['A']);
  });
});

describe('filters', () => {
  const texts = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .filter((text) => text.isWellFormed() && !text.includes('\0'));

  test('shell: what a shell reads is the value', () => {
    const values = ["it's", '$HOME `id` "x" \\', 'two\nlines\n', '', '-n', '*', 'é\u2028'];
    const script = values
      .map((_, index) => `printf '%s\\0' \${secrets.getValue("v${index}") | shell}`)
      .join('\n');
    const rendered = render(script, Object.fromEntries(values.map((value, index) => [`v${index}`, value])));
    expect(execFileSync('bash', ['-c', rendered]).toString().split('\0').slice(0, -1)).toEqual(values);
  });

  test('shell: a zero byte is refused, since a shell would leave it out', () => {
    expect(failure(() => render('${secrets.getValue("x") | shell}', { x: 'a\0b' }))).toEqual({
      code: 'kind-mismatch',
      message: 'line 1, column 1: the value has a zero byte, which no shell can hold.',
    });
  });

  test('json and yaml: what a parser reads is the value', () => {
    fc.assert(
      fc.property(texts, (value) => {
        expect(JSON.parse(render('${secrets.getValue("x") | json}', { x: value }))).toBe(value);
        expect(JSON.parse(render('${secrets.getValue("x") | yaml}', { x: value }))).toBe(value);
      }),
    );
  });

  test('yaml writes a sign that JSON would write as two halves as it is, since YAML readers refuse halves', () => {
    expect(render('${secrets.getValue("x") | yaml}', { x: '😀\u0085é' })).toBe('"😀\\u0085é"');
  });

  test('base64, of any bytes, and filters one after the other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (value) => {
        const expected = Buffer.from(value).toString('base64');
        expect(render('${secrets.getValue("x") | base64 | json}', { x: value })).toBe(`"${expected}"`);
      }),
    );
  });

  test('dotenv: quotes that all readers take for the same, or a refusal', () => {
    expect(render('X=${secrets.getValue("x") | dotenv}', { x: 'a "b" $c #d' })).toBe(`X='a "b" $c #d'`);
    expect(render('X=${secrets.getValue("x") | dotenv}', { x: "it's\n5" })).toBe(`X="it's\n5"`);
    // python-dotenv, godotenv and Docker Compose read each of these as something else, in whatever quotes.
    for (const x of ["it's $5", '${HOME}', 'C:\\', String.raw`\\\\host`, 'a\rb']) {
      expect(failure(() => render('X=${secrets.getValue("x") | dotenv}', { x })).code).toBe('kind-mismatch');
    }
  });

  test('bytes that are not text are refused, but for base64', () => {
    expect(failure(() => render('\n ${secrets.getValue("x")}', { x: Uint8Array.of(0xff) }))).toEqual({
      code: 'kind-mismatch',
      message: 'line 2, column 2: the value is not UTF-8 text.',
    });
  });
});

describe('errors name line and column', () => {
  test.each([
    [
      'x\n  ${secrets.getValue("a"',
      'invalid-request',
      /^line 2, column 3: the expression that begins here has no } /,
    ],
    ['${secrets.getvalue("a")}', 'invalid-request', /^line 1, column 1: this is none of the forms/],
    ['${secret.getValue("a")}', 'invalid-request', /none of the forms/],
    ['${secrets.getValue(a)}', 'invalid-request', /takes one name, in single or double quotes/],
    ['${secrets.getValue("")}', 'invalid-request', /takes one name/],
    [
      '${secrets.getValue("a") | upper}',
      'invalid-request',
      /a filter is one of shell, json, yaml, dotenv, base64/,
    ],
    [
      'é ${secrets.getValue("a/b")}',
      'invalid-name',
      /^line 1, column 3: this is no name or address of a secret/,
    ],
    ['${sally://shop/x}', 'invalid-request', /An address has the form/],
    ['${variable.x}', 'invalid-request', /^line 1, column 1: the variable x is not given/],
    ['${secrets.getValue(variable.x)}', 'invalid-request', /the variable x is not given/],
    ['${secrets.getValue("a")}', 'not-found', /^line 1, column 1: there is no value for this/],
  ])('%j', (text, code, message) => {
    expect(failure(() => render(text))).toEqual({ code, message: expect.stringMatching(message) });
  });

  test('any text is either a template or refused by an error of ours', () => {
    const parts = fc.constantFrom(
      '${',
      '}',
      '$',
      'secrets.getValue(',
      '"',
      "'",
      'x',
      ')',
      '|',
      ' json',
      '\n',
      'var.',
      'sally://',
      '{',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        try {
          const { parts: found } = parseTemplate(text);
          if (found.every(({ kind }) => kind === 'text') && !text.includes('$${'))
            expect(render(text)).toBe(text);
        } catch (error) {
          expect(isAppError(error)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
