// Client and server of scripts in one: seals a script, tells the delegate to start it, and opens what it answers.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScriptTemplate } from '@sallyport/core';
import type { ScriptFacts, SealedScript, TaskOf } from '@sallyport/protocol';
import { SealedScriptEvent } from '@sallyport/protocol';
import { decodeContent, encodeContent } from '@sallyport/protocol/sealing';
import type { SealedExchange } from '@sallyport/protocol/sealing';
import { DelegateFixture, itemOf, makeFolder, newId } from './delegate-fixture.ts';
import type { FixtureOptions, StoredVersion } from './delegate-fixture.ts';
import type { TaskEnd } from './scripted-server.ts';

export type ScriptChoice = {
  /** Secrets that the server hands out, by the reference in the script. */
  secrets?: Record<string, StoredVersion>;
  facts?: Partial<ScriptFacts>;
  header?: Partial<SealedScript>;
};

export type Script = { task: TaskOf<'run-script'>; exchange: SealedExchange };

/** A delegate whose guard file has this entry for scripts. */
export async function startScriptDelegate(
  scripts: object | null,
  options: FixtureOptions = {},
): Promise<DelegateFixture & { guardFile: string }> {
  const folder = await makeFolder();
  const guardFile = join(folder.path, 'guard.json');
  await writeFile(guardFile, JSON.stringify(scripts === null ? {} : { scripts }), { mode: 0o600 });
  const it = await DelegateFixture.start({ ...options, config: { guardFile, ...options.config } });
  await folder[Symbol.asyncDispose]();
  return Object.assign(it, { guardFile });
}

/** The task and the client's request of a script, as client and server make them together. */
export function makeScript(it: DelegateFixture, text: string, choice: ScriptChoice = {}): Script {
  const { secrets = {} } = choice;
  const requestId = newId('request');
  const facts: ScriptFacts = {
    name: 'test.sh',
    sha256: createHash('sha256').update(text).digest('hex'),
    selectors: [],
    maxSeconds: 60,
    ...choice.facts,
  };
  const header: SealedScript = { facts, place: null, interpreter: null, arguments: [], ...choice.header };
  const exchange = it.session.sealRequest(
    { requestId, operation: 'run-script' },
    encodeContent(header, [Buffer.from(text)]),
  );
  const items = ScriptTemplate.parse(text, header.place).references.flatMap((reference) => {
    const stored = secrets[reference];
    return stored === undefined ? [] : [itemOf(stored, reference)];
  });
  const task: TaskOf<'run-script'> = {
    kind: 'run-script',
    taskId: newId('task'),
    timeoutMs: 120_000,
    requestId,
    script: facts,
    items,
    sealed: exchange.sealed,
  };
  return { task, exchange };
}

/** A script under way. */
export class ScriptUnderWay {
  readonly #it: DelegateFixture;
  readonly #script: Script;
  readonly events: SealedScriptEvent[] = [];
  stdout = '';
  stderr = '';

  constructor(it: DelegateFixture, script: Script) {
    this.#it = it;
    this.#script = script;
    it.connection.send({ type: 'task', task: script.task });
  }

  /** Takes the next event and grants another. */
  async next(): Promise<SealedScriptEvent> {
    const { taskId } = this.#script.task;
    const { connection } = this.#it;
    const frame = await connection.nextChunk(taskId);
    if (!frame.last) connection.send({ type: 'credit', taskId, chunks: 1 });
    const { content } = this.#script.exchange.openAnswerChunk(frame.payload);
    const { header, values } = decodeContent(content);
    const event = SealedScriptEvent.parse(header);
    this.events.push(event);
    if (event.is === 'output') this[event.stream] += Buffer.concat(values).toString();
    return event;
  }

  /** Tells the delegate that the start is recorded. */
  go(): void {
    const { taskId } = this.#script.task;
    this.#it.connection.sendChunk({ taskId, last: true, payload: Buffer.alloc(0) });
  }

  /** Takes events until the output has the text. */
  async untilSaid(text: string): Promise<void> {
    while (!(this.stdout + this.stderr).includes(text)) await this.next();
  }

  async toEnd(): Promise<TaskEnd> {
    for (;;) if ((await this.next()).is === 'ended') return this.end();
  }

  async end(): Promise<TaskEnd> {
    return this.#it.connection.end(this.#script.task.taskId);
  }
}

/** Starts a script and takes everything up to its end. */
export async function runToEnd(
  it: DelegateFixture,
  text: string,
  choice: ScriptChoice = {},
): Promise<ScriptUnderWay & { result: TaskEnd }> {
  const run = new ScriptUnderWay(it, makeScript(it, text, choice));
  await run.next();
  run.go();
  return Object.assign(run, { result: await run.toEnd() });
}

/** How a script that is not run is answered. */
export async function refusalOfScript(it: DelegateFixture, script: Script): Promise<TaskEnd> {
  return it.connection.run(script.task);
}
