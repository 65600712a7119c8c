import { createFileRegistry, fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fileDescriptorSet } from "../../generated/ts/descriptors.js";
import { packageName } from "../../src/records/message-shape.js";
import type { RecordName } from "../../src/records/record-type.js";
import { migrations } from "../../src/storage/migrations.js";
import { openEngine } from "./archive.js";
import type { TestDatabase } from "./database.js";

/** The version of the schema that 1.0 had. */
const version = 2;

/** Makes the tables of the last release in an empty database. */
export async function makeTablesOfLastRelease(database: TestDatabase): Promise<void> {
  const storage = await openEngine(database.url);
  await storage.close();
  for (const migration of migrations.slice(0, version)) {
    for (const sql of migration(storage.dialect)) await database.sql(sql);
  }
  await database.sql("CREATE TABLE `archive_schema` (`id` INTEGER NOT NULL PRIMARY KEY, `version` INTEGER NOT NULL)");
  await database.sql(`INSERT INTO \`archive_schema\` VALUES (1, ${version})`);
}

/** The fields of records that came since. */
const since = new Set(["created_by", "updated_by", "masked"]);

const files = fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSet, "base64"));
for (const { messageType } of files.file.filter(({ name }) => name.endsWith("/records.proto"))) {
  for (const message of messageType) message.field = message.field.filter(({ name }) => !since.has(name));
}
const registry = createFileRegistry(files);

/** A method as clients of the last release know it, whose messages are proto JSON: what came since is unknown to them. */
export function methodOfLastRelease(type: RecordName, verb: string) {
  const service = registry.getService(`${packageName}.${type}Service`);
  const method = service?.methods.find(({ name }) => name === `${verb}${type}`);
  if (!service || !method) throw new Error(`there is no ${verb}${type}`);
  return {
    path: `/${service.typeName}/${method.name}`,
    requestSerialize: (json: JsonValue) => Buffer.from(toBinary(method.input, fromJson(method.input, json))),
    responseDeserialize: (bytes: Buffer) =>
      toJson(method.output, fromBinary(method.output, bytes), { useProtoFieldName: true, registry }),
  };
}
