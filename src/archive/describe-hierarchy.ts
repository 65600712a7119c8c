import type { DescribeHierarchyResponse } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { packageName } from "../records/message-shape.js";
import { type RecordType, recordTypes } from "../records/record-type.js";

const numbers = (types: readonly RecordType[]) => types.map(({ number }) => number);

/** The hierarchy as data. */
export const describeHierarchy = (): DescribeHierarchyResponse => ({
  record_types: recordTypes.map((type) => ({
    record_type: type.number,
    name: type.name,
    key_fields: [...type.key],
    parents: numbers(type.parents),
    ancestors: numbers(type.ancestors),
    relations: numbers(type.relations),
    link_fields: type.links.map(({ link }) => link),
    service: `${packageName}.${type.name}Service`,
  })),
});
