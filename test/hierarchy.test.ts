import { expect, inject, test } from "vitest";
import { RunServiceDefinition } from "../generated/ts/synergos/archive/v1/run_service.js";
import { TagServiceDefinition } from "../generated/ts/synergos/archive/v1/tag_service.js";
import { defineHierarchy } from "../src/records/define-hierarchy.js";
import type { RecordKey } from "../src/records/hierarchy.js";
import { hierarchy } from "../src/records/hierarchy.js";
import { messageShape } from "../src/records/message-shape.js";
import { deriveRecordTypes } from "../src/records/record-type.js";
import { type Rules, rules } from "../src/records/rules.js";
import { bindServices } from "../src/service/service-binding.js";
import { createTableSql } from "../src/storage/schema.js";
import { openEngine } from "./support/archive.js";
import { createDatabase } from "./support/database.js";

/** The hierarchy with a thirteenth type: the artifacts of a run. */
const declarations = defineHierarchy({
  ...hierarchy,
  Artifact: {
    number: 13,
    key: ["collab_id", "project_id", "expt_id", "run_id", "artifact_id"],
    parents: ["Run"],
    link: "artifact_link",
  },
});

test.each(inject("engines"))(
  "a thirteenth record type follows from one entry in the table, on $name",
  async (engine) => {
    const types = deriveRecordTypes(declarations);
    const type = (name: string) => types.find((each) => each.name === name);
    const artifact = type("Artifact");
    expect(artifact?.ancestors.map(({ name }) => name)).toEqual(["Collaboration", "Project", "Experiment", "Run"]);
    for (const name of artifact?.ancestors.map((each) => each.name) ?? []) {
      expect(type(name)?.relations).toContain(artifact);
    }
    expect(type("Model")?.relations).not.toContain(artifact);
    const database = await createDatabase(engine);
    const storage = await openEngine(database.url);
    try {
      for (const each of types) for (const sql of createTableSql(each, storage.dialect)) await database.sql(sql);
      await expect(
        database.sql(
          "INSERT INTO artifact (collab_id, project_id, expt_id, run_id, artifact_id, artifact_link, details, created_at, updated_at, etag) VALUES ('c','p','e','r','a','l','{}','2026-01-01 00:00:00.000000','2026-01-01 00:00:00.000000','e')",
        ),
      ).rejects.toThrow(/foreign key/i);
    } finally {
      for (const pool of new Set([storage.reads, storage.writes, storage.snapshots])) await pool.destroy();
      await database.drop();
    }
  },
);

test("a record type is declared after its parents", () => {
  const { Collaboration, Project } = hierarchy;
  expect(() => deriveRecordTypes({ Project, Collaboration })).toThrow("Project is declared before one of its parents");
});

test("rules are of messages and fields that there are", () => {
  for (const name of Object.keys(rules)) expect(messageShape(name).name).toBe(name);
  const wrong: Rules[] = [
    // @ts-expect-error A Node has no such field.
    { ...rules, Node: { prot: {} } },
    // @ts-expect-error There is no such message, or it has no rules.
    { ...rules, Nodes: { port: {} } },
  ];
  expect(wrong).toHaveLength(2);
});

test("wrong declarations and bindings do not compile", () => {
  const { Collaboration, Project, Run } = hierarchy;
  const wrongParent = () =>
    defineHierarchy({
      Collaboration,
      Project,
      // @ts-expect-error The key of a Project cannot be read off that of a Participant.
      Participant: { number: 8, key: ["participant_id"], parents: ["Project"] },
    });
  const unknownParent = () =>
    defineHierarchy({
      Collaboration,
      // @ts-expect-error There is no such type.
      Project: { number: 2, key: ["collab_id", "project_id"], parents: ["Colaboration"] },
    });
  const wrongCascade = () =>
    defineHierarchy({
      Collaboration,
      // @ts-expect-error A Collaboration's key has no project_id: it cannot go with a Project.
      Project: { number: 2, key: ["collab_id", "project_id"], parents: [], takesAlong: ["Collaboration"] },
    });
  const rightBinding = () => bindServices<{ Run: RecordKey<"Run"> }>()({ Run: RunServiceDefinition });
  // @ts-expect-error The service of another type.
  const wrongService = () => bindServices<{ Run: RecordKey<"Run"> }>()({ Run: TagServiceDefinition });
  // @ts-expect-error The service's key has more fields.
  const shortKey = () => bindServices<{ Run: { run_id: string } }>()({ Run: RunServiceDefinition });
  // @ts-expect-error The service's key has no such field.
  const wrongKey = () => bindServices<{ Run: RecordKey<"Run"> & { more: string } }>()({ Run: RunServiceDefinition });
  // @ts-expect-error A type is not bound.
  const missing = () => bindServices<{ Run: RecordKey<"Run">; Tag: RecordKey<"Tag"> }>()({ Run: RunServiceDefinition });
  expect([
    Run,
    wrongParent,
    unknownParent,
    wrongCascade,
    rightBinding,
    wrongService,
    shortKey,
    wrongKey,
    missing,
  ]).toHaveLength(9);
});
