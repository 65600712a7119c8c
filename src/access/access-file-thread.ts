import { parentPort, workerData } from "node:worker_threads";
import { readAccessFile } from "./read-access-file.js";

// What a thread of its own runs: see read-in-thread.ts.
parentPort?.postMessage(readAccessFile(String(workerData)));
