import type { BatchWriteRequest, WriteOperation } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Question } from "../access/authorize.js";
import { recordTypeOfField, recordTypes } from "../records/record-type.js";

/** As much of any request as tells what it asks for. */
interface Request {
  readonly key?: unknown;
  readonly filter?: unknown;
  readonly allow_missing?: boolean;
}

type Ask = (request: Request) => readonly Question[];

const idsOf = (value: unknown) => (value ?? {}) as Readonly<Record<string, string | undefined>>;

/** What the methods of the services of record types ask for. */
const ofRecords = recordTypes.flatMap((type): [string, Ask][] => [
  [`Create${type.name}`, ({ key }) => [{ verb: "write", type, key: idsOf(key), creates: true }]],
  [`Get${type.name}`, ({ key }) => [{ verb: "read", type, key: idsOf(key) }]],
  [`List${type.name}`, ({ filter }) => [{ verb: "list", type, key: idsOf(filter) }]],
  [
    `Update${type.name}`,
    ({ key, allow_missing }) => [{ verb: "write", type, key: idsOf(key), creates: allow_missing === true }],
  ],
  [`Delete${type.name}`, ({ key }) => [{ verb: "delete", type, key: idsOf(key) }]],
]);

/** A record of any type, or everything. */
function belowKey({ key }: Request): readonly Question[] {
  const chosen = (key as ArchiveKey | undefined)?.key;
  const type = chosen && recordTypeOfField(chosen.$case);
  // A key of no type is refused where it is validated.
  return type ? [{ verb: "read", type, key: idsOf(chosen.value) }] : [{ verb: "read" }];
}

const anybody: Ask = () => [{ verb: "none" }];

const ofArchive: [string, Ask][] = [
  ["StreamDescendants", belowKey],
  ["CountDescendants", belowKey],
  ["Watch", belowKey],
  ["ListChanges", belowKey],
  ["BatchWrite", (request) => (request as unknown as BatchWriteRequest).operations.map(ofOperation)],
  // Each record is asked for as it comes.
  ["Import", () => [{ verb: "write" }]],
  ["DescribeHierarchy", anybody],
  ["WhoAmI", anybody],
  ["ServerReflectionInfo", anybody],
];

function ofOperation({ operation }: WriteOperation): Question {
  if (operation?.$case === "delete") {
    const chosen = operation.value.key?.key;
    const type = chosen && recordTypeOfField(chosen.$case);
    return type ? { verb: "delete", type, key: idsOf(chosen.value) } : { verb: "write" };
  }
  const chosen = operation?.value.record?.record;
  const type = chosen && recordTypeOfField(chosen.$case);
  if (!type) return { verb: "write" };
  const creates = operation?.$case === "create" || operation?.value.allow_missing === true;
  return { verb: "write", type, key: idsOf(chosen.value.key), creates };
}

const asks = new Map([...ofRecords, ...ofArchive]);

/** What a request of a method asks for. A method that nobody thought of is not answered. */
export function questionsOf(method: string, request: unknown): readonly Question[] {
  const ask = asks.get(method);
  if (!ask) throw new Error(`nobody said who may call ${method}`);
  return ask((request ?? {}) as Request);
}
