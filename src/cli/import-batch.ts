import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { type ImportOptions, ImportRequest } from "../../generated/ts/synergos/archive/v1/archive_service.js";

/** The most records and bytes that are sent in one message. */
const maxBatch = { records: 500, bytes: 2 ** 20 };

/** A serialized ImportRequest in the making. */
export class ImportBatch {
  readonly #writer = new BinaryWriter();
  #records = 0;
  #bytes = 0;

  constructor(options?: ImportOptions) {
    if (options) ImportRequest.encode({ options, records: [] }, this.#writer);
  }

  add(record: Uint8Array): void {
    this.#writer.uint32((2 << 3) | 2).bytes(record);
    this.#records++;
    this.#bytes += record.length;
  }

  get isFull(): boolean {
    return this.#records >= maxBatch.records || this.#bytes >= maxBatch.bytes;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}
