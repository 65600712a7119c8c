import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { runDatabase, startDatabase } from "../test/support/databases.js";
import type { Call } from "./load.js";
import { framed } from "./scenarios.js";

/** A node of etcd that runs, durable as it always is. */
export interface Etcd {
  /** Such as "127.0.0.1:2379". */
  readonly address: string;
  readonly version: string;
  stop(): void;
}

/** Starts one node with its data in a folder of its own. Gets it first where there is none; throws where it cannot be had. */
export async function startEtcd(): Promise<Etcd> {
  const home = mkdtempSync(join(tmpdir(), "archive-bench-etcd-"));
  const stop = () => {
    process.off("exit", stop);
    runDatabase("stop", home, "KILL");
    rmSync(home, { recursive: true, force: true });
  };
  process.once("exit", stop);
  try {
    runDatabase("get", "etcd");
    const { url, version } = await startDatabase("etcd", home, "durable");
    return { address: new URL(url).host, version, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Calls of its gRPC API, of which these two are enough: their messages have fields 1, a key, and 2, a value, as bytes. */
const message = (...fields: readonly Uint8Array[]) =>
  fields.reduce((writer, field, index) => writer.uint32((index + 1) * 8 + 2).bytes(field), new BinaryWriter()).finish();

export const range = (key: string): Call => framed("/etcdserverpb.KV/Range", message(Buffer.from(key)));
export const put = (key: string, value: Uint8Array): Call =>
  framed("/etcdserverpb.KV/Put", message(Buffer.from(key), value));
