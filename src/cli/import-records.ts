import { type ImportOptions, OnConflict } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypeOfField, recordTypes } from "../records/record-type.js";
import { adoptedParents, type Orphan } from "./adopted-parents.js";
import type { Connection, Json } from "./connection.js";
import { ImportBatch } from "./import-batch.js";
import { type ImportReport, named, outcomes, type Refused } from "./import-report.js";
import type { ImportSettings } from "./import-settings.js";
import type { FoundRecord, ImportSource, Problem } from "./import-source.js";
import { recordTypeName } from "./record-name.js";

/** The most records and bytes that are sent in one call: after each call it is known what came of it. */
const maxCall = { records: 1000, bytes: 2 ** 22 };

/** Imports all records of a file. Tells how many are done. */
export async function importRecords(
  connection: Connection,
  source: ImportSource,
  settings: ImportSettings,
  progress: (done: number) => void,
): Promise<ImportReport> {
  if (settings.strict && !settings.dryRun) {
    const tried = await new Import(connection, source, { ...settings, dryRun: true }, progress).run();
    if (tried.refused.length + tried.unlisted > 0) return tried;
  }
  return new Import(connection, source, settings, progress).run();
}

class Import {
  readonly #report: ImportReport;
  #done = 0;

  constructor(
    private readonly connection: Connection,
    private readonly source: ImportSource,
    private readonly settings: ImportSettings,
    private readonly progress: (done: number) => void,
  ) {
    const { format } = source;
    this.#report = { format, written: !settings.dryRun, counts: {}, adopted: [], refused: [], unlisted: 0 };
  }

  async run(): Promise<ImportReport> {
    const { orphans: mode, onConflict, dryRun } = this.settings;
    const orphans = await this.#send(this.#records(), onConflict);
    if (mode === "refuse") for (const { record, refusal } of orphans) this.#refuse(record, refusal);
    else if (orphans.length > 0) {
      const parents = adoptedParents(orphans);
      this.#report.adopted.push(...parents.map(({ type, key }) => named(type, key)));
      const inOrder = (records: readonly FoundRecord[]) =>
        [...records].sort((one, other) => recordTypes.indexOf(one.type) - recordTypes.indexOf(other.type));
      const children = inOrder(orphans.map(({ record }) => record));
      if (dryRun) for (const { type } of [...parents, ...children]) this.#count(type, "created", 1);
      else {
        const left = [...(await this.#send(inOrder(parents), "skip")), ...(await this.#send(children, onConflict))];
        for (const { record, refusal } of left) this.#refuse(record, refusal);
      }
    }
    return this.#report;
  }

  /** The records of the file; what is none goes to the report. */
  async *#records(): AsyncGenerator<FoundRecord> {
    for await (const item of this.source.items()) {
      if ("bytes" in item) {
        yield item;
        continue;
      }
      if (item.type) this.#done++;
      this.#refuse(item, { ...item, violations: (item.violations ?? []) as unknown as Json[] } as unknown as Json);
    }
  }

  /** Sends records, call by call; a dry run is one call. Returns those whose parents are missing. */
  async #send(
    records: AsyncIterable<FoundRecord> | Iterable<FoundRecord>,
    onConflict: ImportSettings["onConflict"],
  ): Promise<Orphan[]> {
    const orphans: Orphan[] = [];
    const { dryRun } = this.settings;
    const options: ImportOptions = {
      on_conflict: OnConflict[`ON_CONFLICT_${onConflict.toUpperCase()}` as keyof typeof OnConflict],
      validate_only: dryRun,
    };
    const iterator = Symbol.asyncIterator in records ? records[Symbol.asyncIterator]() : records[Symbol.iterator]();
    let ended = false;
    while (!ended) {
      const inCall: FoundRecord[] = [];
      const batches = async function* (this: Import): AsyncGenerator<Uint8Array> {
        let batch = new ImportBatch(options);
        for (let bytes = 0; dryRun || (inCall.length < maxCall.records && bytes < maxCall.bytes); ) {
          const next = await iterator.next();
          if (next.done) {
            ended = true;
            break;
          }
          const record = next.value as FoundRecord;
          // What was tried is not sent again.
          inCall.push(dryRun ? { ...record, bytes: new Uint8Array() } : record);
          bytes += record.bytes.length;
          batch.add(record.bytes);
          if (batch.isFull) {
            yield batch.finish();
            batch = new ImportBatch();
            if (dryRun) this.progress(this.#done + inCall.length);
          }
        }
        yield batch.finish();
      }.call(this);
      const response = await this.connection.upload("ArchiveService", "Import", batches);
      this.#done += inCall.length;
      this.progress(this.#done);
      orphans.push(...this.#add(response, inCall));
    }
    return orphans;
  }

  /** Adds an answer to the report, but for orphans, which it returns. */
  #add({ counts = [], refusals = [], unlisted_refusals = 0 }: Json, inCall: readonly FoundRecord[]): Orphan[] {
    for (const count of counts as Json[]) {
      const type = recordTypes.find((each) => recordTypeName(each) === count.record_type) as RecordType;
      for (const outcome of outcomes) this.#count(type, outcome, Number(count[outcome] ?? 0));
    }
    this.#report.unlisted += Number(unlisted_refusals);
    return (refusals as Json[]).flatMap((refusal) => {
      const record = inCall[Number(refusal.index ?? 0)] as FoundRecord;
      // It is counted again when it is known what comes of it.
      this.#count(record.type, "refused", -1);
      const missing = (refusal.missing ?? []) as Record<string, Ids>[];
      if (missing.length === 0) this.#refuse(record, refusal);
      const types = missing.flatMap((key) => Object.entries(key));
      const parents = types.map(([field, key]) => ({ type: recordTypeOfField(field) as RecordType, key }));
      return missing.length === 0 ? [] : [{ record, refusal, missing: parents }];
    });
  }

  #refuse({ type, key, place }: FoundRecord | Problem, { reason, message, violations = [] }: Json): void {
    if (type) this.#count(type, "refused", 1);
    const fields = violations as unknown as Refused["fields"];
    this.#report.refused.push({
      ...named(type, key),
      ...place(),
      reason: String(reason),
      message: String(message),
      fields,
    });
  }

  #count(type: RecordType, outcome: (typeof outcomes)[number], more: number): void {
    this.#report.counts[type.name] ??= { created: 0, replaced: 0, unchanged: 0, skipped: 0, refused: 0 };
    const counts = this.#report.counts[type.name];
    if (counts) counts[outcome] += more;
  }
}
