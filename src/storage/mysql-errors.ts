import { StorageError } from "./store.js";

/** What the servers' error numbers mean; both servers use the same up to 1,899. Any other is "unknown". */
const numbers: Partial<Record<StorageError["kind"], readonly number[]>> = {
  duplicate: [
    1060, // ER_DUP_FIELDNAME: a column that is there already
    1061, // ER_DUP_KEYNAME: an index that is there already
    1062, // ER_DUP_ENTRY
  ],
  "foreign-key": [
    1216, // ER_NO_REFERENCED_ROW
    1217, // ER_ROW_IS_REFERENCED
    1451, // ER_ROW_IS_REFERENCED_2
    1452, // ER_NO_REFERENCED_ROW_2
  ],
  conflict: [
    1020, // ER_CHECKREAD: changed since last read
    1205, // ER_LOCK_WAIT_TIMEOUT
    1213, // ER_LOCK_DEADLOCK, also a conflict between the nodes of a cluster
    1412, // ER_TABLE_DEF_CHANGED: a migration came between
    1613, // ER_XA_RBTIMEOUT
    1614, // ER_XA_RBDEADLOCK
    3058, // ER_USER_LOCK_DEADLOCK
    3101, // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: refused by Group Replication
    3572, // ER_LOCK_NOWAIT
  ],
  "value-too-large": [
    1118, // ER_TOO_BIG_ROWSIZE
    1153, // ER_NET_PACKET_TOO_LARGE
    1162, // ER_TOO_LONG_STRING
    3231, // ER_WRITE_SET_EXCEEDS_LIMIT: of Group Replication
  ],
  // It passes by itself, or with the connection.
  unavailable: [
    1021, // ER_DISK_FULL
    1024, // ER_ERROR_ON_READ
    1026, // ER_ERROR_ON_WRITE
    1030, // ER_GET_ERRNO
    1037, // ER_OUTOFMEMORY
    1038, // ER_OUT_OF_SORTMEMORY
    1040, // ER_CON_COUNT_ERROR
    1041, // ER_OUT_OF_RESOURCES
    1042, // ER_BAD_HOST_ERROR
    1043, // ER_HANDSHAKE_ERROR
    1047, // ER_UNKNOWN_COM_ERROR: a node that has left its cluster
    1053, // ER_SERVER_SHUTDOWN
    1079, // ER_SHUTDOWN_COMPLETE
    1080, // ER_FORCING_CLOSE
    1105, // ER_UNKNOWN_ERROR: a node that is not connected to its cluster's primary component
    1114, // ER_RECORD_FILE_FULL
    1129, // ER_HOST_IS_BLOCKED
    1135, // ER_CANT_CREATE_THREAD
    1152, // ER_ABORTING_CONNECTION
    1156, // ER_NET_PACKETS_OUT_OF_ORDER
    1158, // ER_NET_READ_ERROR
    1159, // ER_NET_READ_INTERRUPTED
    1160, // ER_NET_ERROR_ON_WRITE
    1161, // ER_NET_WRITE_INTERRUPTED
    1180, // ER_ERROR_DURING_COMMIT
    1181, // ER_ERROR_DURING_ROLLBACK
    1184, // ER_NEW_ABORTING_CONNECTION
    1203, // ER_TOO_MANY_USER_CONNECTIONS
    1206, // ER_LOCK_TABLE_FULL
    1207, // ER_READ_ONLY_TRANSACTION
    1223, // ER_CANT_UPDATE_WITH_READLOCK
    1226, // ER_USER_LIMIT_REACHED
    1290, // ER_OPTION_PREVENTS_STATEMENT: read-only, as a replica is
    1297, // ER_GET_TEMPORARY_ERRMSG
    1317, // ER_QUERY_INTERRUPTED
    1461, // ER_MAX_PREPARED_STMT_COUNT_REACHED
    1534, // ER_BINLOG_ROW_LOGGING_FAILED
    1637, // ER_TOO_MANY_CONCURRENT_TRXS
    1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    1836, // ER_READ_ONLY_MODE
    1927, // MariaDB: ER_CONNECTION_KILLED
    1969, // MariaDB: ER_STATEMENT_TIMEOUT
    3024, // ER_QUERY_TIMEOUT
    3032, // ER_SERVER_OFFLINE_MODE
    3100, // ER_RUN_HOOK_ERROR: Group Replication has no majority
    3168, // ER_SERVER_ISNT_AVAILABLE
    3169, // ER_SESSION_WAS_KILLED
    3170, // ER_CAPACITY_EXCEEDED
    3781, // ER_GRP_HOLD_WAIT_TIMEOUT: a new primary is not ready yet
    3782, // ER_GRP_HOLD_KILLED
    3783, // ER_GRP_HOLD_MEMBER_STATUS_ERROR
    3796, // ER_GRP_TRX_CONSISTENCY_NOT_ALLOWED
    3797, // ER_GRP_TRX_CONSISTENCY_BEFORE
    3798, // ER_GRP_TRX_CONSISTENCY_AFTER_ON_TRX_BEGIN
    3799, // ER_GRP_TRX_CONSISTENCY_BEGIN_NOT_ALLOWED: the node is leaving its group
    4031, // MySQL: ER_CLIENT_INTERACTION_TIMEOUT
    4311, // MySQL: the connection could not be handed to Group Replication
    4312, // MySQL: ER_SERVER_OFFLINE_MODE_REASON
    4313, // MySQL: ER_SERVER_OFFLINE_MODE_USER
  ],
  damaged: [
    1034, // ER_NOT_KEYFILE
    1194, // ER_CRASHED_ON_USAGE
    1195, // ER_CRASHED_ON_REPAIR
    1712, // ER_INDEX_CORRUPT
    1877, // ER_TABLE_CORRUPT
  ],
  // It stays until somebody changes the server: rights, settings, tables.
  "out-of-order": [
    1035, // ER_OLD_KEYFILE
    1044, // ER_DBACCESS_DENIED_ERROR
    1045, // ER_ACCESS_DENIED_ERROR
    1049, // ER_BAD_DB_ERROR
    1119, // ER_STACK_OVERRUN
    1130, // ER_HOST_NOT_PRIVILEGED
    1142, // ER_TABLEACCESS_DENIED_ERROR
    1143, // ER_COLUMNACCESS_DENIED_ERROR
    1197, // ER_TRANS_CACHE_FULL: max_binlog_cache_size
    1227, // ER_SPECIFIC_ACCESS_DENIED_ERROR
    1251, // ER_NOT_SUPPORTED_AUTH_MODE
    1286, // ER_UNKNOWN_STORAGE_ENGINE
    1370, // ER_PROCACCESS_DENIED_ERROR
    1436, // ER_STACK_OVERRUN_NEED_MORE
    1524, // ER_PLUGIN_IS_NOT_LOADED: of authentication
    1598, // ER_BINLOG_LOGGING_IMPOSSIBLE
    1665, // ER_BINLOG_STMT_MODE_AND_ROW_ENGINE
    1698, // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    1812, // ER_TABLESPACE_MISSING
    1814, // ER_TABLESPACE_DISCARDED
    1820, // ER_MUST_CHANGE_PASSWORD
    1862, // ER_MUST_CHANGE_PASSWORD_LOGIN
    1932, // ER_NO_SUCH_TABLE_IN_ENGINE
    3098, // ER_BEFORE_DML_VALIDATION_ERROR: Group Replication does not take the table
    3118, // MySQL: ER_ACCOUNT_HAS_BEEN_LOCKED
    3159, // ER_SECURE_TRANSPORT_REQUIRED
    3750, // ER_TABLE_WITHOUT_PK
    3955, // ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK
    4151, // MariaDB: ER_ACCOUNT_HAS_BEEN_LOCKED
  ],
};

const kinds = new Map(
  Object.entries(numbers).flatMap(([kind, list]) => list.map((number) => [number, kind as StorageError["kind"]])),
);

/**
 * Errors by which a server says that it is not the one to write to, now or any more: read-only after a failover, out of
 * its cluster, shutting down. A new connection may lead to another.
 */
const leaving = new Set([
  1047, 1053, 1105, 1207, 1290, 1792, 1836, 3032, 3100, 3168, 3782, 3783, 3796, 3797, 3798, 3799, 4312, 4313,
]);

/** Errors that say only that a statement cannot be prepared: there are too many, it is forgotten, or is not of the kind. */
const unprepared = new Set([1243, 1295, 1461, 1615]);

const numberOf = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.errno ?? 0;

export const leavesServer = (error: unknown): boolean => leaving.has(numberOf(error));

export const isUnprepared = (error: unknown): boolean => unprepared.has(numberOf(error));

/** What a driver's or Knex's error means. */
export function translate(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { errno, fatal, name, code, message, sql } = error as NodeJS.ErrnoException & { fatal?: boolean; sql?: string };
  // Galera has no number of its own for it.
  if ((errno === 1105 || errno === 1180) && /writeset size|message too long/i.test(message)) {
    return new StorageError("value-too-large", error);
  }
  // A read waits for no lock: its node of a Galera cluster cannot know what the others have committed.
  if (errno === 1205 && /^(SELECT|WITH)\b(?!.* (?:FOR UPDATE|LOCK IN SHARE MODE))/s.test(sql ?? ""))
    return new StorageError("unavailable", error);
  const kind = errno === undefined ? undefined : kinds.get(errno);
  if (kind) return new StorageError(kind, error);
  // Lost connections have a code of the system's or of the driver's, and are fatal; so are those that end in a queue.
  const lost =
    fatal === true ||
    name === "KnexTimeoutError" ||
    /^(E[A-Z]+|PROTOCOL_.*|HANDSHAKE_.*)$/.test(code?.startsWith("ER_") ? "" : (code ?? "")) ||
    /closed state|Connection lost|aborted/i.test(message);
  return new StorageError(lost ? "unavailable" : "unknown", error);
}
