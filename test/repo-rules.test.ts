// Rules about the repository itself, checked like everything else: sizes, headers, words, runtime dependencies, one public face.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('..', import.meta.url);

/** Tracked files and those about to be. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => name !== '');
const sources = files.filter((name) => /\.(ts|tsx)$/.test(name) && !name.endsWith('.d.ts'));
const texts = files.filter(
  (name) =>
    /\.(ts|tsx|js|json|md|sh|yml|yaml|css|html)$|^\.ci\/run$/.test(name) && name !== 'package-lock.json',
);

function read(name: string): string {
  return readFileSync(new URL(name, ROOT), 'utf8');
}

function offenders(names: readonly string[], judge: (text: string, name: string) => boolean): string[] {
  expect(names.length, 'a check that looks at nothing proves nothing').toBeGreaterThan(3);
  return names.filter((name) => judge(read(name), name));
}

describe('source files', () => {
  test('every one opens with a comment that says what it is for', () => {
    expect(offenders(sources, (text) => !/^(#!.*\n)?(\/\/ \S|\/\*\*?\s)/.test(text))).toEqual([]);
  });

  test('none is longer than 400 lines', () => {
    expect(offenders(sources, (text) => text.split('\n').length > 401)).toEqual([]);
  });

  test('names are kebab-case and none is a dumping ground', () => {
    const banned = /(^|\/)(utils?|helpers?|common|misc|types|shared|lib)(\/|\.ts$)/;
    const packaged = sources.filter((name) => name.startsWith('packages/'));
    expect(packaged.filter((name) => banned.test(name))).toEqual([]);
    expect(packaged.filter((name) => !/^[a-z0-9./-]+$/.test(name))).toEqual([]);
  });

  test('folders are at most one level deep below src, except for the adapters of one port', () => {
    const deep = sources.filter((name) => /^packages\/[^/]+\/src\/[^/]+\/[^/]+\/.+/.test(name));
    expect(deep.filter((name) => !name.startsWith('packages/server/src/storage/'))).toEqual([]);
  });

  test('no test is switched off or run alone, no rule is silenced without a reason', () => {
    const only = /\b(test|it|describe)\.(only|todo)\(/;
    const silenced = /(oxlint|eslint)-disable(?!.*--)|@ts-(ignore|nocheck)/;
    const others = sources.filter((name) => name !== 'test/repo-rules.test.ts');
    expect(offenders(others, (text) => only.test(text) || silenced.test(text))).toEqual([]);
  });

  test('public faces list their exports by hand', () => {
    const faces = sources.filter((name) => name.endsWith('/index.ts'));
    expect(offenders(faces, (text) => /export \* /.test(text))).toEqual([]);
  });

  test('process.env is read where configuration is read, and nowhere else in the product', () => {
    const allowed =
      /(^packages\/[^/]+\/src\/(main|config\/environment)\.ts$|\/test\/|^test\/|^bench\/|^examples\/|^scripts\/|^vitest\.config\.ts$|^packages\/testkit\/)/;
    expect(
      offenders(
        sources.filter((name) => !allowed.test(name)),
        (text) => /process\.env\b/.test(text),
      ),
    ).toEqual([]);
  });
});

describe('every text in the repository', () => {
  test('speaks of the product only', () => {
    const foreign =
      /\b(claude|chatgpt|openai|anthropic|copilot|llm|subagent)\b|\/(work|farm)\/[a-z]|registry\.npmjs|TODO|FIXME/i;
    const others = texts.filter((name) => name !== 'test/repo-rules.test.ts');
    expect(offenders(others, (text) => foreign.test(text))).toEqual([]);
  });

  test('calls the server a server and a delegate a delegate', () => {
    const wrong = /\b(control plane server|delegate agent process|master server)\b/i;
    expect(
      offenders(
        texts.filter((name) => name !== 'test/repo-rules.test.ts'),
        (text) => wrong.test(text),
      ),
    ).toEqual([]);
  });
});

describe('packages', () => {
  const manifests = files.filter((name) => /^packages\/[^/]+\/package\.json$/.test(name));

  test('runtime dependencies are exactly those that the ADRs argue for', () => {
    const dependencies = new Set<string>();
    for (const name of manifests) {
      const manifest = JSON.parse(read(name)) as { dependencies?: Record<string, string> };
      for (const [dependency, version] of Object.entries(manifest.dependencies ?? {})) {
        if (dependency.startsWith('@sallyport/')) continue;
        expect(version, `${name}: ${dependency} is pinned`).toMatch(/^\d+\.\d+\.\d+$/);
        dependencies.add(dependency);
      }
    }
    const adr = read('docs/adr/0002-runtime-dependencies.md');
    const argued = [...adr.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    expect(dependencies).toEqual(new Set(argued));
  });

  test('the lock file names no download address', () => {
    expect(read('package-lock.json')).not.toContain('"resolved": "http');
  });
});
