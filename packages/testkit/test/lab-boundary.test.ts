// The lab ships with the product, so it must run without any development dependency: only node and @sallyport/core.
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('the lab imports nothing but node, @sallyport/core and itself', async () => {
  const folder = new URL('../src/aws-lab/', import.meta.url);
  const files = await readdir(folder);
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const source = await readFile(new URL(file, folder), 'utf8');
    const imports = [...source.matchAll(/(?:from|import) '([^']+)'/g)].map(([, name = '']) => name);
    const foreign = imports.filter(
      (name) => !/^(?:node:|\.\/[a-z0-9-]+\.ts$|@sallyport\/core(?:\/|$))/.test(name),
    );
    expect(foreign, file).toEqual([]);
  }
});
