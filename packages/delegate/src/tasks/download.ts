// Executes `download`: an envelope of any size comes in chunks and its value goes out in sealed chunks. Every chunk released is
// authentic; the one marked final goes out only after the envelope has proven to be whole.
import { EnvelopeDecryptor } from '@sallyport/core/envelope';
import type { SealedReadAnswer, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { encodeContent } from '@sallyport/protocol/sealing';
import type { OpenedRequest } from '@sallyport/protocol/sealing';
import { ChunkWriter } from './chunk-writer.ts';
import { requireFit, requireSameItems } from './compare-request.ts';
import { readReadContent } from './read-sealed.ts';
import type { TaskRun } from './task-services.ts';

/**
 * @throws {session-unknown} {sealed-message-rejected} {envelope-rejected}, and what `DataKeys.open` throws. Chunks sent before
 * are of no use to the client without the final one.
 */
export async function executeDownload(
  task: TaskOf<'download'>,
  run: TaskRun,
): Promise<TaskResultOf<'download'>> {
  const { sessions, keys, guard } = run.services;
  const opened = sessions.openRequest({ requestId: task.requestId, operation: 'download' }, task.sealed);
  const asked = readReadContent(opened.content);
  requireSameItems(asked, { answered: [task.item.reference], unresolved: [] });
  requireFit(task.item);
  guard.requirePlace(task.item.place);
  const plan = keys.planOpening(task.item);
  const decryptor = new EnvelopeDecryptor({
    expectedContext: plan.context,
    unwrap: (header) => keys.open(plan, header.encryptedDataKeys, run.signal),
  });
  const answer = sealedAnswer({ task, run, opened });
  for (let last = false; !last;) {
    const chunk = await run.stream.receive();
    last = chunk.last;
    await answer.write(await decryptor.update(chunk.payload));
  }
  await answer.write(decryptor.final());
  await answer.end();
  return { kind: 'download' };
}

/** Takes plaintext; sends it in sealed chunks, the header in one of its own before them. */
function sealedAnswer(download: {
  task: TaskOf<'download'>;
  run: TaskRun;
  opened: OpenedRequest;
}): ChunkWriter {
  const { task, run, opened } = download;
  let headerSent = false;
  return new ChunkWriter(async (content, { last }) => {
    if (!headerSent) {
      const header = encodeContent(answerHeaderOf(task), []);
      await run.stream.send({ payload: opened.sealAnswerChunk(header, { final: false }), last: false });
      headerSent = true;
    }
    const payload = opened.sealAnswerChunk(content, { final: last });
    content.fill(0);
    await run.stream.send({ payload, last });
  });
}

function answerHeaderOf(task: TaskOf<'download'>): SealedReadAnswer {
  const { reference, secretId, name, version, kind } = task.item;
  return { entries: [{ outcome: 'value', reference, secretId, name, version, kind }] };
}
