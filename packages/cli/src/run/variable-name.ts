// From names of secrets to names of environment variables, and which of those are no good.

export const TRANSFORMS = ['upper-snake', 'lower-snake', 'camel', 'none'] as const;
export type Transform = (typeof TRANSFORMS)[number];

/**
 * The variable for a secret. Whatever is neither letter nor digit separates words; letter case does not, since it does not matter in names
 * of secrets.
 */
export function variableFor(name: string, options: { transform: Transform; prefix: string }): string {
  const { transform, prefix } = options;
  if (transform === 'none') return prefix + name;
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  if (transform === 'upper-snake') return prefix + words.join('_').toUpperCase();
  if (transform === 'lower-snake') return prefix + words.join('_').toLowerCase();
  const [first = '', ...rest] = words;
  return prefix + first.toLowerCase() + rest.map((word) => capitalised(word)).join('');
}

/** Whether shells and programs take it as the name of a variable. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

// Variables that decide which code a program loads or which programs it starts. Whoever may store a secret at a place must not come to
// run code wherever programs are started with all of that place.
const DECIDE_CODE = new Set([
  'PATH',
  'SHELL',
  'ENV',
  'BASH_ENV',
  'BASH_FUNC',
  'SHELLOPTS',
  'BASHOPTS',
  'PROMPT_COMMAND',
  'IFS',
  'PS4',
  'NODE_OPTIONS',
  'NODE_PATH',
  'PYTHONPATH',
  'PYTHONHOME',
  'PYTHONSTARTUP',
  'PERL5LIB',
  'PERL5OPT',
  'PERL5DB',
  'RUBYLIB',
  'RUBYOPT',
  'JAVA_TOOL_OPTIONS',
  '_JAVA_OPTIONS',
  'JDK_JAVA_OPTIONS',
  'CLASSPATH',
  'GCONV_PATH',
  'OPENSSL_CONF',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'BROWSER',
  'MAKEFLAGS',
  'SSH_ASKPASS',
  'GIT_ASKPASS',
  'GIT_EDITOR',
  'GIT_EXEC_PATH',
  'GIT_EXTERNAL_DIFF',
  'GIT_PAGER',
  'GIT_PROXY_COMMAND',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_TEMPLATE_DIR',
  'DOTNET_STARTUP_HOOKS',
  'DOTNET_ADDITIONAL_DEPS',
]);

/** Whether a program would load other code, or start other programs, with this variable set. */
export function decidesCode(variable: string): boolean {
  const name = variable.toUpperCase();
  return DECIDE_CODE.has(name) || /^(LD|DYLD|CORECLR|GIT_CONFIG|NPM_CONFIG)_/.test(name);
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}
