import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { freePort } from "../test/support/databases.js";
import { pythonWith } from "./python-packages.js";

const version = "3.17.2";
// With [auth], though nothing asks for it: each search imports that, and where it is missing fails to each time; now
// and then two searches at once get into each other's way over it, and the server answers 500.
const packages = [`mlflow[auth]==${version}`, "pymysql==1.2.4", "cryptography==50.0.2"];
const startSeconds = 120;

/** One HTTP request of the load: JSON over HTTP/1.1. */
export interface HttpCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Empty for GET. */
  readonly body: string;
}

/** A tracking server of MLflow that runs. */
export interface Mlflow {
  /** Such as "127.0.0.1:5000". It refuses requests whose header Host names another machine. */
  readonly address: string;
  readonly version: string;
  /** Ends all its processes, and removes its files and its database. */
  stop(): Promise<void>;
}

const post = (path: string, body: object): HttpCall => ({
  method: "POST",
  path: `/api/2.0/mlflow/${path}`,
  body: JSON.stringify(body),
});

/**
 * Calls of MLflow's REST API like those of the archive. POSTs need the header Content-Type: application/json. Deletes
 * only mark: a deleted experiment still holds its name.
 */
export const calls = {
  createExperiment: (name: string) => post("experiments/create", { name }),
  /** A run holds its text in tags of up to 8,000 characters; one is the least that MLflow can be asked to write. */
  createRun(experimentId: string, name: string, text: string, tags = 1): HttpCall {
    const size = Math.ceil(text.length / tags);
    return post("runs/create", {
      experiment_id: experimentId,
      run_name: name,
      start_time: Date.now(),
      tags: Array.from({ length: tags }, (_, index) => ({
        key: `text_${index}`,
        value: text.slice(index * size, (index + 1) * size),
      })),
    });
  },
  getRun: (runId: string): HttpCall => ({ method: "GET", path: `/api/2.0/mlflow/runs/get?run_id=${runId}`, body: "" }),
  searchRuns: (experimentId: string) => post("runs/search", { experiment_ids: [experimentId], max_results: 100 }),
  deleteRun: (runId: string) => post("runs/delete", { run_id: runId }),
  deleteExperiment: (id: string) => post("experiments/delete", { experiment_id: id }),
};

/** Sends a call, for what is not measured, and returns its answer. */
export async function send(mlflow: Mlflow, { method, path, body }: HttpCall): Promise<unknown> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`http://${mlflow.address}${path}`, { method, headers, body: body || null });
  if (!answer.ok) throw new Error(`MLflow answered ${method} ${path} by ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Creates an experiment and returns its id. */
export const createExperiment = async (mlflow: Mlflow, name: string): Promise<string> =>
  ((await send(mlflow, calls.createExperiment(name))) as { experiment_id: string }).experiment_id;

/** Creates a run and returns its id. */
export const createRun = async (mlflow: Mlflow, ...run: Parameters<typeof calls.createRun>): Promise<string> =>
  ((await send(mlflow, calls.createRun(...run))) as { run: { info: { run_id: string } } }).run.info.run_id;

/**
 * Starts MLflow's tracking server over a database `archive_bench_mlflow` of its own beside the given one, dropping one of that name;
 * waits until all its workers answer. Installs it into the cache first if it is not there yet.
 */
export async function startMlflow(databaseUrl: string, workers: number): Promise<Mlflow> {
  const python = await pythonWith({
    name: "mlflow",
    version,
    packages,
    module: "pymysql",
    needs: "Python 3.10 or newer",
  });
  const onServer = async (...statements: string[]) => {
    const connection = await createConnection({ uri: databaseUrl });
    try {
      for (const sql of statements) await connection.query(sql);
    } finally {
      await connection.end();
    }
  };
  await onServer("DROP DATABASE IF EXISTS archive_bench_mlflow", "CREATE DATABASE archive_bench_mlflow");
  const { username, password, host } = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "archive-bench-mlflow-"));
  const options = {
    "backend-store-uri": `mysql+pymysql://${username}:${password}@${host}/archive_bench_mlflow`,
    "artifacts-destination": join(folder, "artifacts"),
    host: "127.0.0.1",
    port,
    workers,
  };
  // Nothing that is set for another MLflow, or another Python, applies to this one.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MLFLOW_|UVICORN_|PYTHON)/.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    TMPDIR: folder, // It leaves files there.
    PYTHONUNBUFFERED: "1",
    MLFLOW_DISABLE_TELEMETRY: "true",
    DO_NOT_TRACK: "true",
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", // In its favour: eight processes for jobs that nobody gives it.
  };
  const log = openSync(join(folder, "log"), "a");
  const child = spawn(
    python,
    ["-m", "mlflow", "server", ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)],
    { cwd: folder, env, detached: true, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  // It leads a group, which all of its processes stay in.
  const end = () => {
    try {
      if (child.pid) process.kill(-child.pid, "SIGKILL");
    } catch {
      // None of them is left.
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", end);
  let running = true;
  const ended = once(child, "exit")
    .catch(() => {}) // It could not be started.
    .finally(() => {
      running = false;
    });
  const stop = async () => {
    process.off("exit", end);
    end();
    await ended;
    await onServer("DROP DATABASE IF EXISTS archive_bench_mlflow");
  };

  const address = `127.0.0.1:${port}`;
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    const said = readFileSync(join(folder, "log"), "utf8");
    // The first worker that is up answers for all.
    if (said.split("Application startup complete").length > workers) {
      const answer = await fetch(`http://${address}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
      if (answer?.ok) return { address, version, stop };
    }
    if (!running || Date.now() > deadline) {
      const what = running ? `did not answer within ${startSeconds} s` : "ended";
      await stop();
      throw new Error(
        `MLflow's server ${what}. The end of its log:\n${said.trimEnd().split("\n").slice(-30).join("\n")}`,
      );
    }
    await sleep(100);
  }
}
