import { workerData } from "node:worker_threads";
import Database from "libsql";

// What a thread of its own runs: see large-commits.ts.
const connection = new Database(String(workerData), { timeout: 0 });
connection.exec("PRAGMA wal_checkpoint(PASSIVE)");
connection.close();
