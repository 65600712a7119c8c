import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startArchive } from "./support/archive.js";
import { describeArchive } from "./support/conformance.js";
import { type Engine, runDatabase, startDatabase } from "./support/databases.js";
import { someDetails } from "./support/records.js";

/** Defaults that an operator could have set, each of which loses, changes or refuses something where it is not unset. */
const defaults = {
  // As in a cluster, whose nodes number by turns.
  auto_increment_increment: "7",
  auto_increment_offset: "3",
  autocommit: "0",
  big_tables: "1",
  completion_type: "'RELEASE'",
  default_storage_engine: "MyISAM",
  foreign_key_checks: "0",
  innodb_lock_wait_timeout: "1",
  lock_wait_timeout: "1",
  low_priority_updates: "1",
  max_join_size: "1",
  max_sort_length: "64",
  net_read_timeout: "1",
  net_write_timeout: "1",
  sql_auto_is_null: "1",
  sql_big_selects: "0",
  sql_mode: "'ANSI,NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO,PAD_CHAR_TO_FULL_LENGTH'",
  sql_safe_updates: "1",
  sql_select_limit: "3",
  time_zone: "'+05:00'",
  unique_checks: "0",
  wait_timeout: "1",
};
const defaultsOf = {
  mariadb: {
    idle_transaction_timeout: "1",
    idle_write_transaction_timeout: "1",
    max_statement_time: "0.001",
    tx_isolation: "'SERIALIZABLE'",
    tx_read_only: "1",
  },
  mysql: {
    default_collation_for_utf8mb4: "utf8mb4_general_ci",
    group_replication_consistency: "'EVENTUAL'",
    max_execution_time: "1",
    session_track_gtids: "ALL_GTIDS",
    transaction_isolation: "'SERIALIZABLE'",
    transaction_read_only: "1",
  },
};

describe.each(["mariadb", "mysql"] as const)("the archive on a %s server with hostile defaults", (kind) => {
  const home = mkdtempSync(join(tmpdir(), "archive-hostile-"));
  let engine: Engine;

  beforeAll(async () => {
    const options = ["--character-set-server=latin1", "--loose-skip-character-set-client-handshake"];
    const { url } = await startDatabase(kind, home, "fast", undefined, options);
    const server = await createConnection({ uri: url });
    for (const [name, value] of Object.entries({ ...defaults, ...defaultsOf[kind] })) {
      await server.query(`SET GLOBAL ${name} = ${value}`);
    }
    await server.end();
    engine = { name: kind, url };
  });
  afterAll(() => {
    runDatabase("stop", home, "KILL");
    rmSync(home, { recursive: true, force: true });
  });

  describeArchive(() => engine);

  test("records that are created at the same time are answered with their own record_ids", async () => {
    const archive = await startArchive(engine);
    try {
      const keys = Array.from({ length: 64 }, (_, index) => ({ collab_id: `same_${index}` }));
      const created = await Promise.all(
        keys.map((key) => archive.client.create("Collaboration", { key, details: someDetails("Collaboration") })),
      );
      if (kind === "mariadb") expect(archive.statements.filter((sql) => /INSERT/.test(sql)).length).toBeLessThan(32);
      const read = await Promise.all(keys.map((key) => archive.client.get("Collaboration", key, { view: 1 })));
      expect(created).toEqual(read);
      expect(read.every(({ record_id }) => Number(record_id) % 7 === 3)).toBe(true);
    } finally {
      await archive.close();
    }
  });
});
