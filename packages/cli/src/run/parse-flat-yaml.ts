// The YAML of mapping files: one mapping of names to texts and numbers, read by a YAML library. Numbers keep the form in which they are
// written; lists and nested mappings are refused.
import { damaged } from './parse-dotenv.ts';
import type { MappingEntry } from './parse-dotenv.ts';

/** @param what names the file in errors. @throws {config-invalid} with the line, never with what is in it */
export async function parseFlatYaml(content: string, what: string): Promise<MappingEntry[]> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  // Keys that stand twice are found by whoever reads the entries.
  const options = { lineCounter, prettyErrors: false, uniqueKeys: false };
  const { contents, errors } = parseDocument(content, options);
  const lineAt = (offset: number | undefined): number => lineCounter.linePos(offset ?? 0).line;
  const [error] = errors;
  if (error !== undefined) throw damaged(what, lineAt(error.pos[0]), `it is not YAML (${error.code})`);
  if (contents === null) return [];
  if (!isMap(contents)) throw damaged(what, 1, 'it is not NAME: value');
  return contents.items.map(({ key, value }) => {
    const line = lineAt(isScalar(key) ? key.range?.[0] : undefined);
    if (!isScalar(key) || typeof key.value !== 'string') throw damaged(what, line, 'it is not NAME: value');
    if (value === null) return { variable: key.value, text: '', line };
    if (!isScalar(value)) throw damaged(what, line, 'its value is more than a text');
    const { value: scalar, source } = value;
    // Such as bytes, which `!!binary` stands for.
    if (typeof scalar === 'object' && scalar !== null)
      throw damaged(what, line, 'its value is more than a text');
    const text =
      typeof scalar === 'string' ? scalar : scalar === null ? '' : (source ?? JSON.stringify(scalar));
    return { variable: key.value, text, line };
  });
}
