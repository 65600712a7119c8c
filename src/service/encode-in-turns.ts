import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { WriteResult } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import * as messages from "../../generated/ts/synergos/archive/v1/records.js";
import { RecordList, type RecordMessage } from "../archive/record-message.js";
import { limits } from "../limits.js";
import type { RecordName } from "../records/hierarchy.js";
import { descriptors, packageName } from "../records/message-shape.js";
import { type RecordType, recordType, recordTypes } from "../records/record-type.js";
import { unsaid } from "../records/unsaid.js";
import { Turns } from "../turns.js";
import { encode } from "./encode.js";
import type { Codec } from "./service-binding.js";

const codecs: { readonly [Name in RecordName]: Pick<Codec<unknown>, "encode"> } = messages;

/** The fields of a record's relations, in the order in which they are encoded. */
const relationFields = (descriptors.getMessage(`${packageName}.Relations`)?.fields ?? []).flatMap(({ name, number }) =>
  recordTypes.filter(({ plural }) => plural === name).map((relation) => ({ number, relation })),
);

/** What may be long in a response: records, what is around one, or the results of a batch. */
interface Long {
  readonly records?: RecordList;
  readonly record?: RecordMessage | undefined;
  readonly results?: readonly WriteResult[];
}

/** Whether encoding a response may take longer than others should wait. */
export function isLong(response: unknown): response is Long {
  const { records, record, results } = response as Long;
  const size = records ? records.size : record?.relations ? sizeOf(record.relations) : 0;
  return size > limits.bytesOfTurn || (results?.length ?? 0) > 1;
}

function sizeOf(relations: object): number {
  let size = 0;
  for (const list of Object.values(relations)) if (list instanceof RecordList) size += list.size;
  return size;
}

/**
 * Encodes a response record by record, and gives others their turn between two of them. The bytes are
 * the same: those of its fields, one after the other.
 */
export async function encodeInTurns({ $type, encode: encodeRest }: Codec<unknown>, response: Long): Promise<Pieces> {
  const turns = new Turns();
  const { record, records, results, ...rest } = response;
  const whole = new Pieces();
  await turns.next();
  for (const result of results ?? []) {
    const item = new Pieces();
    item.add(encode(WriteResult, result));
    whole.addMessage(fieldOf($type, "results").number, item);
    if (turns.isOver) await turns.next();
  }
  for (const each of records ?? []) {
    const { number, message } = fieldOf($type, "records");
    whole.addMessage(number, await recordParts(recordType(message as RecordName), each, turns));
  }
  if (record) {
    const { number, message } = fieldOf($type, "record");
    whole.addMessage(number, await recordParts(recordType(message as RecordName), record, turns));
  }
  whole.add(
    encode({ encode: encodeRest }, { ...rest, ...(records && { records: [] }), ...(results && { results: [] }) }),
  );
  return whole;
}

/** A record by itself, then its relations, and then what follows those. */
async function recordParts(type: RecordType, record: RecordMessage, turns: Turns): Promise<Pieces> {
  const { relations, ancestors, created_by, updated_by, masked, ...alone } = record;
  const parts = new Pieces();
  parts.add(encode(codecs[type.name], relations ? { ...unsaid, ...alone } : record));
  if (turns.isOver) await turns.next();
  if (!relations) return parts;
  const inner = new Pieces();
  for (const { number, relation } of relationFields) {
    const list = relations[relation.plural];
    if (list instanceof RecordList)
      for (const each of list) inner.addMessage(number, await recordParts(relation, each, turns));
  }
  parts.addMessage(fieldOf(`${packageName}.${type.name}`, "relations").number, inner);
  parts.add(encode(codecs[type.name], { ...unsaid, ancestors, created_by, updated_by, masked }));
  return parts;
}

/** A field's number, and the name of its message. */
function fieldOf(typeName: string, name: string): { number: number; message: string } {
  const field = descriptors.getMessage(typeName)?.fields.find((each) => each.name === name);
  if (!field?.message) throw new Error(`No message ${name} in ${typeName}`);
  return { number: field.number, message: field.message.name };
}

/**
 * The encoding of a message, in pieces. grpc-js asks no more of what it sends than that it can be copied: a Buffer of all
 * would be one copy more, of what may be large.
 */
export class Pieces {
  readonly #list: Uint8Array[] = [];
  #size = 0;

  get byteLength(): number {
    return this.#size;
  }

  /** Writes all of it into another buffer, from a position on. */
  copy(target: Uint8Array, start = 0): void {
    let at = start;
    for (const piece of this.#list) {
      target.set(piece, at);
      at += piece.length;
    }
  }

  add(bytes: Uint8Array): void {
    this.#list.push(bytes);
    this.#size += bytes.length;
  }

  /** Adds a field that holds a message. */
  addMessage(number: number, message: Pieces): void {
    this.add(
      new BinaryWriter()
        .uint32(number * 8 + 2)
        .uint32(message.#size)
        .finish(),
    );
    for (const piece of message.#list) this.#list.push(piece);
    this.#size += message.#size;
  }
}
