import { test } from "vitest";
import type { Archive } from "../src/index.js";

/** Never run: that it compiles, and that what must not does not, is the test. */
export async function types(archive: Archive): Promise<void> {
  const key = { collab_id: "c", project_id: "p" };
  const project = await archive.project.get({ key });
  const id: bigint = project.record_id;
  const tag: string | undefined = (await archive.tag.get({ key: { ...key, participant_id: "q" } })).link?.tag_id;
  void [id, tag];
  // @ts-expect-error a project has no link
  void project.link;
  // @ts-expect-error a key is whole
  await archive.project.create({ key: { collab_id: "c" } });
  // @ts-expect-error a key is given
  await archive.project.create({});
  // @ts-expect-error a key is one of the type
  await archive.project.create({ key: { ...key, run_id: "r" } });
  // @ts-expect-error details are those of the type
  await archive.project.create({ key, details: { epochs: 1 } });
  // @ts-expect-error deeply
  await archive.experiment.create({ key: { ...key, expt_id: "e" }, details: { model: [{ l_typo: "Linear" }] } });
  // @ts-expect-error a filter has the ids of the key
  archive.project.list({ filter: { run_id: "r" } });
  // @ts-expect-error a write names the type of its record
  await archive.batchWrite([{ create: { key } }]);
  // @ts-expect-error and has the key of that type
  await archive.batchWrite([{ delete: { run: { key } } }]);
  const create = { project: { key } };
  // @ts-expect-error and is one, not two
  await archive.batchWrite([{ create, delete: create }]);
  const two = { create, upsert: create };
  // @ts-expect-error also where it was made elsewhere
  await archive.batchWrite([two]);
  // @ts-expect-error of one record
  await archive.batchWrite([{ create: { ...create, collaboration: { key: { collab_id: "c" } } } }]);
  // @ts-expect-error and is something
  await archive.batchWrite([{}]);
  // @ts-expect-error a stream is of one record too
  archive.streamDescendants({ key: { project: key, collaboration: key } });
}

test("types are checked by the compiler", () => {});
