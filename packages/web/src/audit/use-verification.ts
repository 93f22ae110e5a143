// Runs a verification of the whole trail, which goes on while records come in and ends when the page is left.
import { useEffect, useRef, useState } from 'react';
import { verifyAuditTrail } from '@sallyport/sdk/browser-audit';
import type { AuditVerdict } from '@sallyport/sdk/browser-audit';
import { useClient, useKnownDelegates } from '../client/client-context.tsx';
import { rememberHead, seenHeadOf } from './seen-heads.ts';

export type Verification =
  | { state: 'idle' }
  | { state: 'running'; records: number; of: number }
  | { state: 'done'; verdict: AuditVerdict }
  | { state: 'failed'; error: unknown };

export function useVerification(): { verification: Verification; start: () => void; cancel: () => void } {
  const client = useClient();
  const knownDelegates = useKnownDelegates();
  const [verification, setVerification] = useState<Verification>({ state: 'idle' });
  const ending = useRef<AbortController | null>(null);
  useEffect(() => () => ending.current?.abort(), []);
  const run = async (signal: AbortSignal): Promise<AuditVerdict> => {
    const known = knownDelegates.list().filter(({ server }) => server === client.address);
    const trusted = new Set(known.map(({ fingerprint }) => fingerprint));
    const verdict = await verifyAuditTrail(client, {
      isTrusted: (fingerprint) => trusted.has(fingerprint),
      seen: (accountId) => seenHeadOf(accountId),
      onProgress: (progress) => {
        if (!signal.aborted) setVerification({ state: 'running', ...progress });
      },
      signal,
    });
    // Only what holds is remembered: else a broken trail would be what the next one is held against.
    if (verdict.problem === null) {
      rememberHead(verdict.accountId, { ...verdict.head, seenAtMs: Date.now() });
    }
    return verdict;
  };
  const start = (): void => {
    ending.current?.abort();
    const controller = new AbortController();
    ending.current = controller;
    setVerification({ state: 'running', records: 0, of: 0 });
    const show = (next: Verification): void => {
      if (!controller.signal.aborted) setVerification(next);
    };
    run(controller.signal).then(
      (verdict) => show({ state: 'done', verdict }),
      (error: unknown) => show({ state: 'failed', error }),
    );
  };
  const cancel = (): void => {
    ending.current?.abort();
    setVerification({ state: 'idle' });
  };
  return { verification, start, cancel };
}
