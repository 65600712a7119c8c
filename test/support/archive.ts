import { Writable } from "node:stream";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { createLogger, format, transports } from "winston";
import type { Access } from "../../src/access/access.js";
import { AnswerMemory } from "../../src/answer-memory.js";
import { createHttpServer } from "../../src/http/http-server.js";
import { probes } from "../../src/http/probes.js";
import { limits } from "../../src/limits.js";
import { createServer, listen } from "../../src/rpc/server.js";
import { Admission, type Load } from "../../src/service/admission.js";
import type { CallEnvironment } from "../../src/service/call-environment.js";
import { type PrincipalBounds, PrincipalLimits } from "../../src/service/principal-limits.js";
import { archiveServices } from "../../src/service/services.js";
import { parseDatabaseUrl } from "../../src/storage/database-url.js";
import type { Dialect, Engine as StorageEngine } from "../../src/storage/engine.js";
import { KnexStore } from "../../src/storage/knex-store.js";
import { openMySql } from "../../src/storage/mysql-engine.js";
import { resultSizeFor } from "../../src/storage/result-size.js";
import { openSqlite } from "../../src/storage/sqlite-engine.js";
import type { StandstillBounds } from "../../src/storage/standstill.js";
import { ArchiveClient } from "./client.js";
import { createDatabase, type TestDatabase } from "./database.js";
import type { Engine } from "./databases.js";
import { HttpArchiveClient } from "./http-client.js";
import { searchForSecrets } from "./secrets.js";

/** A server within the test, over a database of its own, with a client. */
export interface TestArchive {
  readonly client: ArchiveClient;
  readonly database: TestDatabase;
  readonly store: KnexStore;
  readonly address: string;
  /** Where it serves HTTP. */
  readonly url: string;
  readonly admission: Admission;
  /** What was logged. */
  readonly log: Record<string, unknown>[];
  /** The SQL of every statement that was run. */
  readonly statements: string[];
  close(): Promise<void>;
}

interface Options {
  /** Has the client make its calls over Connect, in JSON or in bytes. */
  readonly http?: "json" | "proto";
  readonly maxReceiveSize?: number;
  /** The most calls at a time, and what else there is much of. */
  readonly maxCalls?: number;
  /** Where so many calls are worked on, others wait. */
  readonly together?: number;
  readonly load?: () => Load;
  readonly maxSendSize?: number;
  /** The most values of a record in a request. */
  readonly maxValues?: number;
  /** The bytes for large answers. */
  readonly answerMemory?: number;
  /** Who may do what. */
  readonly access?: Access;
  /** What one principal may ask for. */
  readonly ofPrincipal?: PrincipalBounds;
  readonly poolSize?: number;
  readonly acquireTimeout?: number;
  readonly standstill?: StandstillBounds;
  /** A database to use in place of one made for it. */
  readonly database?: TestDatabase;
  /** What is otherwise on the database than its dialect says. */
  readonly dialect?: Partial<Dialect>;
  /** Keeps neither the log nor the statements: of very many calls they would be most of the work. */
  readonly forgets?: boolean;
}

export async function openEngine(url: string, options: Options = {}): Promise<StorageEngine> {
  const { maxSendSize = 64 * 2 ** 20, poolSize = 16, acquireTimeout = 5000 } = options;
  const location = parseDatabaseUrl(url);
  const { standstill } = options;
  const engineOptions = {
    poolSize,
    acquireTimeout,
    maxResultSize: resultSizeFor(maxSendSize),
    ...(standstill ? { standstill } : {}),
  };
  return location.kind === "sqlite" ? openSqlite(location.file, engineOptions) : openMySql(location, engineOptions);
}

export async function startArchive(engine: Engine, options: Options = {}): Promise<TestArchive> {
  const database = options.database ?? (await createDatabase(engine));
  const storage = await openEngine(database.url, options);
  const statements: string[] = [];
  for (const pool of options.forgets ? [] : new Set([storage.reads, storage.writes, storage.snapshots])) {
    pool.on("query", ({ sql }: { sql: string }) => statements.push(sql));
  }
  const engineOfTest = { ...storage, dialect: { ...storage.dialect, ...options.dialect } };
  const { readRow } = storage;
  if (readRow && !options.forgets) {
    engineOfTest.readRow = (query, context) => {
      const row = readRow(query, context);
      if (row) statements.push(query.sql);
      return row;
    };
  }
  const store = new KnexStore(engineOfTest);
  await store.migrate();
  const log: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      const text = line.toString();
      searchForSecrets("the log", text);
      log.push(JSON.parse(text));
      done();
    },
  });
  const logger = createLogger({
    level: options.forgets ? "error" : "debug",
    format: format.json(),
    transports: [new transports.Stream({ stream })],
  });
  const admission = new Admission(
    options.maxCalls ?? Number.POSITIVE_INFINITY,
    options.together ?? limits.callsTogether[engine.url ? "mysql" : "sqlite"],
    options.load ?? (() => ({ cause: "delay", share: 0 })),
  );
  const environment: CallEnvironment = {
    logger,
    maxSendSize: options.maxSendSize ?? 64 * 2 ** 20,
    maxValues: options.maxValues ?? limits.valuesOfRecord,
    admission,
    memory: new AnswerMemory(options.answerMemory ?? 48 * 2 ** 20),
    access: options.access,
    principalLimits: options.ofPrincipal && new PrincipalLimits(options.ofPrincipal),
  };
  const services = archiveServices(store, environment);
  const server: Server = createServer(services, environment, {
    "grpc.max_receive_message_length": 64 * 2 ** 20,
    "grpc.max_send_message_length": -1,
  });
  const port = await listen(server, "127.0.0.1:0", ServerCredentials.createInsecure(), environment);
  const address = `127.0.0.1:${port}`;
  const http = createHttpServer(services, probes({ isServing: true }), environment, {
    tls: undefined,
    maxReceiveSize: options.maxReceiveSize ?? 64 * 2 ** 20,
    maxStreams: 100,
    allowHosts: ["archive.example.org"],
    allowOrigins: ["https://grid.example.org"],
  });
  const url = `http://127.0.0.1:${await http.listen("127.0.0.1", 0)}`;
  const client = options.http ? new HttpArchiveClient(address, url, options.http) : new ArchiveClient(address);
  return {
    client,
    database,
    store,
    address,
    url,
    admission,
    log,
    statements,
    async close() {
      client.close();
      server.forceShutdown();
      await http.finish(0);
      await store.close();
      await database.drop();
    },
  };
}
