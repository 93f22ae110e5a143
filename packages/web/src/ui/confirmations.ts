// Questions that a person has to answer before something is done. Pages ask; the one dialog host of the page shows one question at a time.
import type { ReactNode } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import type { AppError, ErrorData } from '@sallyport/sdk/browser';

/** What the server says a change would do, and the token that confirms exactly that. */
export type Effects = {
  /** `data` of `confirmation-required` or `scope-conflict`, or what a preview operation answered. */
  data: Readonly<Record<string, unknown>>;
  confirmationToken: string | null;
};

export type Question<T = unknown> = {
  title: string;
  /** Words of the button that does it, e.g. `Delete`. */
  confirmLabel: string;
  /** Red: what is done cannot be undone. */
  danger?: boolean;
  /** What it means, in a sentence or two. */
  body?: ReactNode;
  /** Asks the server beforehand what it would do. */
  preview?: () => Promise<Effects>;
  /** Does it. `confirmationToken` is null until effects were shown. */
  run: (confirmationToken: string | null) => Promise<T>;
};

/** A question on its way: with effects that the server has told already, when it was asked because of them. */
export type Asked = {
  id: number;
  question: Question;
  effects: Effects | null;
  settle: (outcome: unknown) => void;
};

/** What somebody gets who asked for something that was then called off. */
export const CALLED_OFF = Symbol('called off');

/** The questions of one page, in the order in which they were asked. */
export class Confirmations {
  readonly #listeners = new Set<() => void>();
  #asked: readonly Asked[] = [];
  #nextId = 1;

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** For `useSyncExternalStore`: the question to show now. */
  readonly current = (): Asked | null => this.#asked[0] ?? null;

  /** Asks first, then does it. @returns what `run` gave, or `CALLED_OFF` */
  async ask<T>(question: Question<T>): Promise<T | typeof CALLED_OFF> {
    return (await this.#show(question, null)) as T | typeof CALLED_OFF;
  }

  /**
   * Does it at once, and asks only when the server wants its effects confirmed.
   * @returns what `run` gave, or `CALLED_OFF`
   * @throws what `run` throws, unless it can be confirmed
   */
  async runConfirmed<T>(question: Question<T>): Promise<T | typeof CALLED_OFF> {
    try {
      return await question.run(null);
    } catch (error) {
      const effects = effectsIn(error);
      if (effects === null) throw error;
      return (await this.#show(question, effects)) as T | typeof CALLED_OFF;
    }
  }

  async #show(question: Question, effects: Effects | null): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const id = this.#nextId;
    this.#nextId += 1;
    const settle = (outcome: unknown): void => {
      this.#asked = this.#asked.filter((asked) => asked.id !== id);
      this.#tell();
      resolve(outcome);
    };
    this.#asked = [...this.#asked, { id, question, effects, settle }];
    this.#tell();
    return promise;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The effects in an error that asks for confirmation; `null`: it cannot be confirmed. */
export function effectsIn(error: unknown): Effects | null {
  if (!isAppError(error, 'confirmation-required') && !isAppError(error, 'scope-conflict')) return null;
  const token = error.data['confirmationToken'];
  return typeof token === 'string' ? { data: withMessage(error), confirmationToken: token } : null;
}

function withMessage(error: AppError): ErrorData {
  return { message: error.publicMessage, ...error.data };
}
