import { StorageError } from "./store.js";

const kinds: Readonly<Record<number, StorageError["kind"]>> = {
  1062: "duplicate", // ER_DUP_ENTRY
  1216: "foreign-key", // ER_NO_REFERENCED_ROW
  1217: "foreign-key", // ER_ROW_IS_REFERENCED
  1451: "foreign-key", // ER_ROW_IS_REFERENCED_2
  1452: "foreign-key", // ER_NO_REFERENCED_ROW_2
  1020: "conflict", // ER_CHECKREAD: changed since last read
  1205: "conflict", // ER_LOCK_WAIT_TIMEOUT
  1213: "conflict", // ER_LOCK_DEADLOCK, also a conflict between the nodes of a cluster
  3101: "conflict", // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: refused by Group Replication
  1153: "value-too-large", // ER_NET_PACKET_TOO_LARGE
  1021: "unavailable", // ER_DISK_FULL
  1040: "unavailable", // ER_CON_COUNT_ERROR
  1044: "unavailable", // ER_DBACCESS_DENIED_ERROR
  1045: "unavailable", // ER_ACCESS_DENIED_ERROR
  1047: "unavailable", // ER_UNKNOWN_COM_ERROR: a node that has left its cluster
  1049: "unavailable", // ER_BAD_DB_ERROR
  1053: "unavailable", // ER_SERVER_SHUTDOWN
  1114: "unavailable", // ER_RECORD_FILE_FULL
  1129: "unavailable", // ER_HOST_IS_BLOCKED
  1203: "unavailable", // ER_TOO_MANY_USER_CONNECTIONS
  1290: "unavailable", // ER_OPTION_PREVENTS_STATEMENT: read-only, as a replica is
  1317: "unavailable", // ER_QUERY_INTERRUPTED
  1461: "unavailable", // ER_MAX_PREPARED_STMT_COUNT_REACHED
  1836: "unavailable", // ER_READ_ONLY_MODE
  1927: "unavailable", // ER_CONNECTION_KILLED
  3100: "unavailable", // ER_RUN_HOOK_ERROR: Group Replication has no majority
};

/** What a driver's or Knex's error means. */
export function translate(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { errno, fatal, name, code, message } = error as NodeJS.ErrnoException & { fatal?: boolean };
  const kind = errno === undefined ? undefined : kinds[errno];
  if (kind) return new StorageError(kind, error);
  // Lost connections have a code of the system's or of the driver's, and are fatal; so are those that end in a queue.
  const lost =
    fatal === true ||
    name === "KnexTimeoutError" ||
    /^(E[A-Z]+|PROTOCOL_.*|HANDSHAKE_.*)$/.test(code?.startsWith("ER_") ? "" : (code ?? "")) ||
    /closed state|Connection lost|aborted/i.test(message);
  return new StorageError(lost ? "unavailable" : "unknown", error);
}
