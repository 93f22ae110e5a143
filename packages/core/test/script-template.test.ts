// Secrets in scripts: found alike by client and delegate, and filled in so that no value is read as shell.
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScriptTemplate, singleQuotedLines } from '@sallyport/core';

const GET = '${secrets.getValue("a")}';

/** What bash says when it runs the script with this value. */
function outputOf(text: string, value: Uint8Array): Buffer {
  const script = ScriptTemplate.parse(text, null).render(new Map([['a', value]]));
  return execFileSync('/bin/bash', ['-s'], { input: script });
}

describe('references', () => {
  test('are found in both kinds of quotes, each once, at their place', () => {
    const text = `${GET} \${secrets.getValue('b@2')} "${GET}" \${secrets.getValue("sally://x/y/c")} \${HOME}`;
    expect(ScriptTemplate.parse(text, null).references).toEqual(['a', 'b@2', 'sally://x/y/c']);
    expect(ScriptTemplate.parse(text, { application: 'shop', environment: 'prod' }).references).toEqual([
      'sally://shop/prod/a',
      'sally://shop/prod/b@2',
      'sally://x/y/c',
    ]);
  });

  test.each([
    '${secrets.getValue(a)}',
    '${secrets.getValue("a"}',
    '${secrets.get("a")}',
    '${secrets.getValue("a") | upper}',
    '${secrets.getValue("")}',
    '${variable.name}',
    '${serviceVariable.name}',
    '${configFile.getAsString("a")}',
    '${secrets.getValue(serviceVariable.name)}',
  ])('that cannot be filled in are refused, with line and column: %s', (expression) => {
    expect(() => ScriptTemplate.parse(`echo ${GET}\n# second\necho ${expression}`, null)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        publicMessage: expect.stringMatching(/^line 3, column 6: /),
      }),
    );
  });

  test('whose name cannot be one are refused', () => {
    expect(() => ScriptTemplate.parse('${secrets.getValue("a/b")}', null)).toThrow(
      expect.objectContaining({ code: 'invalid-name' }),
    );
  });
});

describe('a secret in single quotes, where a shell fills nothing in', () => {
  test.each([
    [`echo '${GET}'`, [1]],
    [`echo "a"'b ${GET}'`, [1]],
    [`x=1\necho 'a' "b" 'c\\' '${GET}'`, [2]],
    [`echo "${GET}"`, []],
    [`echo "it's ${GET}"`, []],
    [`echo it\\'s ${GET}`, []],
    [`echo \${secrets.getValue('a')} 'b' ${GET}`, []],
    [`echo a # don't ${GET}`, []],
    ["echo '${HOME}'", []],
  ])('is found: %s', (text, lines) => {
    expect(singleQuotedLines(text)).toEqual(lines);
  });
});

describe('a value', () => {
  // The attack: whoever may write a secret, but run nothing, puts commands into its value.
  test.each([
    '$(echo ran)',
    '`echo ran`',
    "'; echo ran; '",
    '"; echo ran; "',
    '\\',
    '$HOME',
    '* ~ !!',
    "a'b''c",
    'x\ny\n',
  ])('is never read as shell: %s', (value) => {
    expect(outputOf(`printf %s "${GET}"`, Buffer.from(value)).toString()).toBe(value);
    expect(outputOf(`cat <<END\n${GET}\nEND`, Buffer.from(value)).toString()).toBe(`${value}\n`);
  });

  test('of any bytes but zero comes through', () => {
    fc.assert(
      fc.property(fc.uint8Array({ min: 1, minLength: 1, maxLength: 60 }), (value) => {
        const said = outputOf(`LC_ALL=C; printf %s "${GET}"`, value);
        expect(said.equals(Buffer.from(value))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('is one word with the filter shell, and may be had in base64', () => {
    const text = `printf '[%s]' \${secrets.getValue("a") | shell} \${secrets.getValue("a") | base64}`;
    expect(outputOf(text, Buffer.from('a  *')).toString()).toBe('[a  *][YSAgKg==]');
    const zero = `\${secrets.getValue("a") | base64}`;
    expect(outputOf(`printf %s ${zero}`, Buffer.from([0, 255])).toString()).toBe('AP8=');
  });

  test('with a zero byte is refused, and the refusal does not show it', () => {
    expect(() => outputOf(GET, Buffer.from('top\0secret'))).toThrow(
      expect.objectContaining({ code: 'kind-mismatch', publicMessage: expect.not.stringContaining('top') }),
    );
  });

  test('is not handed to programs in their environment, and lines keep their numbers', () => {
    expect(outputOf(`#!/bin/bash\n: "${GET}"\necho $LINENO; env`, Buffer.from('hidden')).toString()).toMatch(
      /^3\n(?!.*hidden)/s,
    );
  });
});
