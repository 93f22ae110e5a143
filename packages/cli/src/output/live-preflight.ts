// A preflight that is under way, for somebody who watches it: a line for each step that is done, in the order in which things happen.
// The report with everything about it comes at the end (preflight-report.ts).
import type { PreflightEvent, PreflightStep } from '@sallyport/protocol';
import { printableLine } from './printable.ts';
import { coloured, note } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export type Watching = { onProgress?: (event: PreflightEvent) => void };

/** What a call that tries settings is given beside its input: nothing, unless a person sees stderr. */
export function watchPreflight(terminal: Terminal): Watching {
  if (terminal.stderr.isTTY !== true) return {};
  const lines = new LiveLines(terminal);
  return {
    onProgress: (event) => {
      const line = lines.of(event);
      if (line !== null) void note(terminal, line);
    },
  };
}

/** Makes the lines; `null` for what is not worth one. */
export class LiveLines {
  readonly #terminal: Terminal;
  readonly #names = new Map<string, string>();
  readonly #running = new Map<string, string>();
  #width = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  of(event: PreflightEvent): string | null {
    switch (event.is) {
      case 'asked': {
        for (const { delegateId, delegateName } of event.delegates)
          this.#names.set(delegateId, printableLine(delegateName));
        const names = [...this.#names.values()];
        this.#width = Math.max(...names.map((name) => name.length));
        return `Trying on ${names.length === 1 ? 'one delegate' : `${names.length} delegates`}: ${names.join(', ')}`;
      }
      case 'steps': {
        const lines = event.steps.flatMap((step) => this.#step(event.delegateId, step));
        return lines.length === 0 ? null : lines.join('\n');
      }
      case 'silent': {
        const trying = this.#running.get(event.delegateId);
        const what = trying === undefined ? '' : `, trying ${trying}`;
        return this.#line(event.delegateId, this.#paint('dim', `no word for ${event.seconds} s${what}`));
      }
      case 'finished': {
        const { delegateId, report, error } = event.delegate;
        if (report?.ok === true) return this.#line(delegateId, this.#paint('good', 'can use the key'));
        const why = error === undefined ? '' : `: ${printableLine(error.message)}`;
        return this.#line(delegateId, `${this.#paint('bad', 'cannot use the key')}${why}`);
      }
      // Of a kind that only a newer server knows.
      default:
        return null;
    }
  }

  #step(delegateId: string, { action, outcome, elapsedMs, error }: PreflightStep): string[] {
    const shown = printableLine(action);
    if (outcome === 'running') this.#running.set(delegateId, shown);
    else this.#running.delete(delegateId);
    if (outcome === 'passed')
      return [
        this.#line(delegateId, `${this.#paint('good', 'passed')}  ${shown}  ${Math.round(elapsedMs)} ms`),
      ];
    if (outcome === 'failed') {
      const why = error === undefined ? '' : `  ${printableLine(error.message)}`;
      return [this.#line(delegateId, `${this.#paint('bad', 'failed')}  ${shown}${why}`)];
    }
    return [];
  }

  #line(delegateId: string, text: string): string {
    return `${(this.#names.get(delegateId) ?? '').padEnd(this.#width)}  ${text}`;
  }

  #paint(meaning: 'good' | 'bad' | 'dim', text: string): string {
    return coloured(this.#terminal, { stream: 'stderr', meaning }, text);
  }
}
