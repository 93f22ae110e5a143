// `sallyport render`: a template becomes a file with values in it, or a list of what it needs.
import { readFile, stat } from 'node:fs/promises';
import { AppError, isAppError, TEXT_MAX_BYTES } from '@sallyport/core';
import { needKey, parseTemplate, renderTemplate } from '@sallyport/core/template';
import type { Template } from '@sallyport/core/template';
import type { Client } from '@sallyport/sdk';
import type { Command, Invocation } from '../command-line/command.ts';
import { SCOPE_FLAGS } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { readPlace } from '../config/place.ts';
import { readStdin } from '../input/read-input.ts';
import { table } from '../output/table.ts';
import { note, writeData } from '../output/terminal.ts';
import { contentOf, PRIVATE_MODE, writePrivateFile } from '../output/write-file.ts';
import { parseDotenv } from '../run/parse-dotenv.ts';
import { checkTemplate } from '../templates/check-template.ts';
import { failNeeds, needInWords, reasonOf } from '../templates/need-failures.ts';
import type { NeedFailure } from '../templates/need-failures.ts';
import { planCheck, planTemplate } from '../templates/plan-template.ts';
import type { TemplateSurroundings } from '../templates/plan-template.ts';

export const RENDER_COMMANDS: readonly Command[] = [
  {
    path: ['render'],
    summary: 'Fill a template with the values of secrets',
    details: [
      'Replaces ${secrets.getValue("name")}, ${sally://application/environment/name}, ${serviceVariable.name}, ${configFile.getAsString("path")}, ${configFile.getAsBase64("path")} and ${variable.name}; everything else stays as it is. $${ is a literal ${.',
      'A filter quotes the value for what reads it: ${secrets.getValue("name") | shell}; also json, yaml, dotenv and base64.',
      'All values are read in one call, and nothing is written unless all are there. With --check, no value is read: what is needed is listed, and the exit code says whether all of it is there.',
    ],
    arguments: [{ name: 'TEMPLATE', summary: 'file, or - for standard input', completes: 'file' }],
    flags: {
      ...SCOPE_FLAGS,
      service: {
        kind: 'text',
        value: 'SERVICE',
        summary: 'Service of the application whose variables and files are meant, by name or id',
      },
      out: {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'Write to this file, readable by its owner only, instead of standard output',
      },
      mode: { kind: 'text', value: 'MODE', summary: 'Mode of that file, in octal; 0600 without' },
      check: { kind: 'switch', summary: 'List what the template needs and what is missing; read no value' },
      var: {
        kind: 'text',
        value: 'NAME=VALUE',
        repeatable: true,
        summary: 'What ${variable.NAME} stands for; nothing secret, since others can see it here',
      },
      'var-file': {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'File of such NAME=value lines',
      },
    },
    connects: true,
    examples: [
      'render app.yaml.template --app shop --env production --out app.yaml',
      'render deploy.sh.template --app shop --env production --service api --check',
    ],
    run: render,
  },
];

async function render(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const path = invocation.arguments['TEMPLATE'] ?? '';
  const out = flags.text('out');
  const mode = await modeOf(invocation);
  if (flags.has('check') && out !== null) throw usageError('Give either --check or --out, not both.');
  const surroundings: TemplateSurroundings = {
    title: path === '-' ? 'standard input' : path,
    place: readPlace(invocation),
    service: flags.text('service'),
    variables: await variablesOf(invocation),
  };
  const text = await readTemplate(invocation, path);
  if (out !== null && path !== '-' && (await isSameFile(path, out))) {
    throw usageError(
      `--out ${out} is the template itself.`,
      'Choose another file: the template would be lost.',
    );
  }
  await naming(surroundings.title, async () => {
    const template = parseTemplate(text);
    if (flags.has('check')) {
      await withClient(invocation, (client) => check(client, template, { surroundings, invocation }));
      return;
    }
    const rendered = await withClient(invocation, (client) => fill(client, template, surroundings));
    if (out === null) await writeData(terminal, rendered);
    else await writePrivateFile(out, contentOf(rendered), mode);
  });
}

async function fill(
  client: Client,
  template: Template,
  surroundings: TemplateSurroundings,
): Promise<Uint8Array> {
  const plan = await planTemplate(client, template, surroundings);
  const outcomes = await client.resolveEach(plan.references.map(({ reference }) => reference));
  const values = new Map<string, Uint8Array>();
  const failures: NeedFailure[] = [...plan.failures];
  for (const [index, outcome] of outcomes.entries()) {
    const need = plan.references[index]?.need;
    if (need === undefined) continue;
    if ('error' in outcome) failures.push({ need, error: outcome.error });
    else values.set(needKey(need), outcome.value.bytes());
  }
  failNeeds(surroundings.title, failures);
  return renderTemplate(template, plan.context, values);
}

async function check(
  client: Client,
  template: Template,
  { surroundings, invocation: { terminal } }: { surroundings: TemplateSurroundings; invocation: Invocation },
): Promise<void> {
  const plan = await planCheck(client, template, surroundings);
  const { found, failures } = await checkTemplate(client, plan);
  const rows = [
    ...found.map(({ need, version }) => ({ need, status: `there, version ${version}` })),
    ...failures.map((failure) => ({ need: failure.need, status: `missing: ${reasonOf(failure)}` })),
  ];
  const cells = rows.map(({ need, status }) => [
    need.positions.map(({ line, column }) => `${line}:${column}`).join(' '),
    needInWords(need),
    status,
  ]);
  await writeData(terminal, table(['LINE:COLUMN', 'NEEDS', 'STATUS'], cells));
  if (template.leftAlone.length > 0) {
    await note(terminal, `note: left as it is, since it is none of ours: ${template.leftAlone.join(' ')}`);
  }
  failNeeds(surroundings.title, failures);
}

/** Puts the name of the template in front of errors that name a line of it. */
async function naming(title: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isAppError(error) || !/^line \d/.test(error.publicMessage)) throw error;
    const { code, publicMessage, data } = error;
    throw new AppError(code, { publicMessage: `${title}, ${publicMessage}`, data, cause: error });
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [here, there] = await Promise.all([one, other].map((path) => stat(path).catch(() => null)));
  return (
    here?.isFile() === true && there?.isFile() === true && here.dev === there.dev && here.ino === there.ino
  );
}

async function readTemplate({ terminal }: Invocation, path: string): Promise<string> {
  const bytes = path === '-' ? await readStdin(terminal) : await readText(path);
  const named = path === '-' ? 'on standard input' : path;
  if (bytes.length > TEXT_MAX_BYTES) throw usageError(`The template ${named} is larger than 1 MiB.`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError(`The template ${named} is not UTF-8 text.`, 'Templates are text. Save it as UTF-8.');
  }
}

async function readText(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw usageError(
      `The file ${path} cannot be read: ${error.code ?? 'unknown reason'}.`,
      'Check its path.',
    );
  });
}

/** Those on the line go before those of the file. */
async function variablesOf({ flags }: Invocation): Promise<Map<string, string>> {
  const file = flags.text('var-file');
  const lines = file === null ? [] : parseDotenv((await readText(file)).toString(), file);
  const variables = new Map(lines.map(({ variable, text }) => [variable, text]));
  for (const [name, value] of Object.entries(flags.pairs('var'))) variables.set(name, value);
  return variables;
}

async function modeOf({ flags, terminal }: Invocation): Promise<number> {
  const text = flags.text('mode');
  if (text === null) return PRIVATE_MODE;
  if (flags.text('out') === null) throw usageError('--mode is the mode of a file: give --out, too.');
  if (!/^0?[0-7]{3}$/.test(text)) throw usageError('--mode takes three octal digits, such as 0640.');
  const mode = Number.parseInt(text, 8);
  if ((mode & 0o007) !== 0) {
    await note(terminal, 'note: with this mode, every user of this machine can get at the file.');
  }
  return mode;
}
