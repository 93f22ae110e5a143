// A text as YAML: in double quotes, which every version of YAML reads alike, also where the text looks like a number or `no`.

/**
 * JSON's quoting is YAML's, once what YAML breaks lines at, or calls not printable, is escaped. Other signs stand as they are: `\ud83d\ude00`
 * is one sign in JSON, and two halves, or an error, in YAML.
 */
export function yamlText(text: string): string {
  return JSON.stringify(text).replaceAll(
    // oxlint-disable-next-line no-control-regex -- control characters are what is escaped here
    /[\u007F-\u00A0\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (sign) => String.raw`\u` + sign.charCodeAt(0).toString(16).padStart(4, '0'),
  );
}
