import {
  type ImportOptions,
  type ImportRequest,
  type ImportResponse,
  OnConflict,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { CallContext } from "../call-context.js";
import { StorageError, type Store } from "../storage/store.js";
import { ArchiveError, asArchiveError, refuse } from "./archive-error.js";
import { aimedSize, checkedBatch, importBatch, type Write } from "./import-batch.js";
import { TooLargeTogether } from "./import-group.js";
import { Tally } from "./import-tally.js";
import type { Respond } from "./respond.js";

/** The most records of a batch. */
const maxBatchSize = 1000;

/** Writes records with their history, batch by batch. Holds the batch that is written, the next, and what it answers. */
export async function importRecords<Answer>(
  store: Store,
  requests: AsyncIterable<ImportRequest>,
  context: CallContext,
  respond: Respond<ImportResponse, Answer>,
): Promise<Answer> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  const tally = new Tally(respond.limit);
  if (first.done) return respond(tally.response());
  const options: ImportOptions = first.value.options ?? { on_conflict: 0, validate_only: false };
  if (!OnConflict[options.on_conflict] || options.on_conflict < 0) {
    const description = "must be ON_CONFLICT_FAIL, ON_CONFLICT_SKIP or ON_CONFLICT_REPLACE";
    refuse([{ field: "options.on_conflict", description }]);
  }
  const ask = () => store.statements(context).largestStatement();
  const largestStatement = await ask();
  const importAll = async (write: Write) => {
    const statementSize = aimedSize(largestStatement);
    const writer = { onConflict: options.on_conflict, write, tally, ask, largestStatement, statementSize };
    let index = 0;
    // While the database writes a batch, the next is read and checked.
    let writing = Promise.resolve();
    try {
      for (let next: IteratorResult<ImportRequest> = first; !next.done; next = await unlessFailed(writing, iterator)) {
        const { records, options: repeated } = next.value;
        if (repeated && next !== first) refuse([{ field: "options", description: "belongs into the first message" }]);
        if (records.length > maxBatchSize) {
          refuse([{ field: "records", description: `must be at most ${maxBatchSize}, not ${records.length}` }]);
        }
        const batch = await checkedBatch(records, index, context);
        await writing;
        writing = importBatch(batch, writer);
        // Its failure is met where it is waited for.
        writing.catch(() => undefined);
        index += records.length;
      }
    } finally {
      iterator.return?.().catch(() => undefined);
      await writing.finally(() => {
        context.denied = tally.denied;
      });
    }
  };
  if (!options.validate_only) await importAll((work) => store.transaction(context, work));
  else {
    const rollback = new Error("rollback");
    const all = store.transaction(context, async (statements) => {
      // Requests can be read once only.
      if (statements.repeated)
        throw new ArchiveError("ABORTED", "CONFLICT", "Others wrote the same records: try again.");
      // A statement that is refused for its size ends the transaction, and with it all that was tried before.
      await importAll((work) => work(statements).catch(throwAtOnce));
      throw rollback;
    });
    await all.catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
  }
  return respond(tally.response());
}

/** The next request, or the failure of what is written meanwhile: a client may take long to send more. */
function unlessFailed(
  writing: Promise<void>,
  iterator: AsyncIterator<ImportRequest>,
): Promise<IteratorResult<ImportRequest>> {
  const reading = iterator.next();
  reading.catch(() => undefined);
  return Promise.race([reading, writing.then(() => reading)]);
}

/** What ends a dry run, so that none of its batches is tried again. */
function throwAtOnce(error: unknown): never {
  const cause = error instanceof TooLargeTogether ? error.cause : error;
  const isLost = cause instanceof StorageError && ["unavailable", "value-too-large"].includes(cause.kind);
  throw isLost ? asArchiveError(cause, 0) : error;
}
