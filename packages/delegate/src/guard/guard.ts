// Holds what the server asks against the guard file. Every refusal is `delegate-refused` and says which entry of the file
// refused what, so that the operator who reads it knows what to widen, if anything.
import { AppError, nameKey, SECRETS_MANAGER_KINDS } from '@sallyport/core';
import type { SecretsManagerKind } from '@sallyport/core';
import { SCRIPT_DEFAULT_SECONDS } from '@sallyport/protocol';
import type { ScriptFacts, SecretsManagerAccess, TaskPlace } from '@sallyport/protocol';
import type { Time } from '../time/time.ts';
import { MinuteBudget } from './minute-budget.ts';
import type { GuardFile, ScriptRules } from './guard-file.ts';

/** The limits of one delegate process. */
export class Guard {
  readonly #file: GuardFile;
  readonly #budget: MinuteBudget | null;

  constructor(file: GuardFile, time: Pick<Time, 'monotonicMs'>) {
    this.#file = file;
    this.#budget =
      file.maxDecryptsPerMinute === null
        ? null
        : new MinuteBudget({ perMinute: file.maxDecryptsPerMinute, time });
  }

  /** Kinds of secrets managers that this delegate serves, as it tells the server. */
  get kinds(): SecretsManagerKind[] {
    return [...(this.#file.secretsManagerKinds ?? SECRETS_MANAGER_KINDS)];
  }

  /** What replaces the AWS endpoints of the environment; null: nothing. */
  get endpoints(): Pick<GuardFile, 'kmsEndpoint' | 'stsEndpoint' | 'useFipsEndpoints'> {
    const { kmsEndpoint, stsEndpoint, useFipsEndpoints } = this.#file;
    return { kmsEndpoint, stsEndpoint, useFipsEndpoints };
  }

  /**
   * Judges a secrets manager by its kind and by the keys that new data keys would be made under. Former keys are judged when an
   * envelope names one.
   * @throws {delegate-refused}
   */
  requireSettings(settings: SecretsManagerAccess['settings']): void {
    const kinds = this.#file.secretsManagerKinds;
    if (kinds !== null && !kinds.includes(settings.kind)) {
      throw refused('secretsManagerKinds', `does not allow secrets managers of kind "${settings.kind}"`);
    }
    if (settings.kind !== 'aws-kms') return;
    this.requireKeyArn(settings.keyArn);
    this.requireKeyArn(settings.pinnedKeyArn);
  }

  /**
   * The regions in which STS may be asked who signed the request of a workload; null: all.
   * @throws {delegate-refused} when it may not be asked at all
   */
  requireStsRegions(): readonly string[] | null {
    if (!this.kinds.includes('aws-kms')) throw refused('secretsManagerKinds', 'allows no calls to AWS');
    const regions = this.#file.stsRegions;
    if (regions?.length === 0)
      throw refused('stsRegions', 'does not allow to verify identities of workloads');
    return regions;
  }

  /** @throws {delegate-refused} when the guard file lists keys and `arn` is not covered */
  requireKeyArn(arn: string): void {
    const entries = this.#file.keyArns;
    if (entries === null || entries.some((entry) => covers(entry, arn))) return;
    throw refused('keyArns', `does not allow the key ${printable(arn)}`);
  }

  /**
   * Judges where a secret is to be used. That the place is the true one is the server's word, as far as the client has not sealed it.
   * @throws {delegate-refused}
   */
  requirePlace(place: TaskPlace | null): void {
    const { places } = this.#file;
    if (places === null) return;
    if (place === null) throw refused('places', 'allows only what names an application and an environment');
    if (places.some((entry) => coversPlace(entry, place))) return;
    const name = printable(`${place.application.name}/${place.environment.name}`);
    throw refused('places', `does not allow ${name}`);
  }

  /** Whether scripts are run here at all, as the delegate tells the server. */
  get runsScripts(): boolean {
    return this.#file.scripts?.allow ?? false;
  }

  /**
   * Judges a script by what stands in its request.
   * @param script.interpreter null: the usual one
   * @returns the rules that it runs under, its interpreter and how long it may run
   * @throws {delegate-refused}
   */
  requireScript(script: { facts: Pick<ScriptFacts, 'sha256' | 'maxSeconds'>; interpreter: string | null }): {
    rules: ScriptRules;
    interpreter: string;
    maxSeconds: number;
  } {
    const rules = this.#file.scripts;
    if (rules === null || !rules.allow) throw refused('scripts', 'does not allow scripts');
    const { facts, interpreter } = script;
    if (rules.sha256 !== null && !rules.sha256.includes(facts.sha256)) {
      throw refused('scripts.sha256', `does not allow the script with SHA-256 ${facts.sha256}`);
    }
    const maxSeconds = facts.maxSeconds ?? Math.min(SCRIPT_DEFAULT_SECONDS, rules.maxSeconds);
    if (maxSeconds > rules.maxSeconds) {
      throw refused('scripts.maxSeconds', `allows scripts ${rules.maxSeconds} seconds, not ${maxSeconds}`);
    }
    const chosen = interpreter ?? rules.interpreters[0];
    if (chosen === undefined || !rules.interpreters.includes(chosen)) {
      throw refused('scripts.interpreters', `does not allow the interpreter ${printable(chosen ?? '')}`);
    }
    return { rules, interpreter: chosen, maxSeconds };
  }

  /** Counts one opened value. @throws {delegate-refused} when the minute's budget is used up; worth trying again later */
  countDecrypt(): void {
    if (this.#budget?.take() ?? true) return;
    throw refused('maxDecryptsPerMinute', `allows ${this.#file.maxDecryptsPerMinute} decrypts a minute`, {
      retryable: true,
    });
  }
}

function coversPlace(entry: string, place: TaskPlace): boolean {
  const [application = '', environment = ''] = entry.split('/');
  return coversPart(application, place.application) && coversPart(environment, place.environment);
}

function coversPart(entry: string, part: { id: string; name: string }): boolean {
  return entry === '*' || entry === part.id || nameKey(entry) === nameKey(part.name);
}

function covers(entry: string, arn: string): boolean {
  if (!entry.endsWith(':*')) return entry === arn;
  const prefix = entry.slice(0, -1);
  // The rest must be one resource: an ARN with further colons is none that KMS has.
  return arn.startsWith(prefix) && /^(?:key|alias)\/[^:]+$/.test(arn.slice(prefix.length));
}

function refused(entry: string, why: string, options: { retryable?: boolean } = {}): AppError {
  return new AppError('delegate-refused', {
    publicMessage: `The guard file of the delegate ${why} (entry "${entry}").`,
    data: { guardEntry: entry },
    ...options,
  });
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
