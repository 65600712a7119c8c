const kibibyte = 2 ** 10;
const mebibyte = 2 ** 20;

/**
 * What one call may cost, where no option says so: docs/limits.md is this table in words. Values are what JSON would
 * show of a message: numbers, texts, members, items, and the objects and lists that hold them.
 */
export const limits = {
  /** How long calls go on, in milliseconds, on a connection that is as old as it may be. */
  connectionAgeGrace: 600_000,
  /**
   * How long a connection to a database server is kept, in milliseconds, give or take a tenth: so a balancer between can
   * lead to servers that are new, or back.
   */
  ageOfDatabaseConnection: 600_000,
  /** A record of 85 rounds of 100 epochs has 25,500 values; of two participants' own beside it, three times as many. */
  valuesOfRecord: 100_000,
  valuesOfRequest: 1_000_000,
  /** The most bytes of one record, or of one operation of a batch, in a request. */
  bytesOfRecord: 32 * mebibyte,
  /** The most bytes of a name, an id or a path in a request, which is more than any valid one has. */
  bytesOfName: 16 * kibibyte,
  pathsOfMask: 1000,
  relationTypes: 100,
  /** The most violations of one request that are looked for. */
  violations: 200,
  /** The most characters of what a client sent that a message or the log repeats at once. */
  charactersQuoted: 200,
  /** The most characters of what a line of the log says of an error. */
  charactersOfCause: 4000,
  /** The most keys of records that a line of the log names of a batch or an import. */
  keysLogged: 10,
  /** The values of a request that are decoded at a stretch, and the milliseconds that other long work takes. */
  valuesOfTurn: 20_000,
  millisecondsOfTurn: 15,
  /** How long short statements of SQLite follow each other, in milliseconds, before others have their turn. */
  millisecondsOfRound: 5,
  /** The milliseconds after which a piece of long work is followed by a rest, and those of the rest. */
  millisecondsOfLongTurn: 25,
  millisecondsOfRest: 10,
  /** The most bytes that are encoded without giving others a turn. */
  bytesOfTurn: 256 * kibibyte,
  /** What is kept of encoded details that were sent, in all and of one record. */
  bytesOfEncodedDetails: 32 * mebibyte,
  bytesOfKeptDetails: 64 * kibibyte,
  /** What a message of a stream aims at; a record that is larger is alone in one. Every client takes 4 MiB. */
  bytesOfStreamMessage: mebibyte,
  /** The bytes of a stream that may wait for its client. */
  bytesUnread: mebibyte,
  /** Results and answers of fewer bytes are small; others need some of the memory for large ones. */
  bytesOfSmallResult: mebibyte,
  bytesOfSmallAnswer: 64 * kibibyte,
  /** The least of it that one call takes. */
  bytesOfRoom: 4 * mebibyte,
  /** How long a large answer waits for memory, in milliseconds; and how long, while others wait, a client may take. */
  waitForMemory: 30_000,
  endUnreadEvery: 500,
  unreadUnderPressure: 5000,
  bytesReadInMillisecond: 4 * kibibyte,
  /** How long a client may leave a stream unread or unwritten, in milliseconds; and where others wait because of it. */
  stall: 5 * 60_000,
  stallUnderPressure: 5000,
  /** How long a stream waits for a place, of which there are as many as connections for streams. */
  waitForStream: 10_000,
  /** How long a dry-run import, which holds a transaction open, may send nothing, in milliseconds: at a time, and in all. */
  stallOfDryRun: 3000,
  silenceOfDryRun: 30_000,
  /** How long a call numbers changes before it goes on, in milliseconds. */
  timeToNumber: 2000,
  /** The watches of one process, and those of one principal, where access is on. */
  watches: 2000,
  watchesOfPrincipal: 1000,
  /** How long a client may read nothing of a watch, in milliseconds. */
  stallOfWatch: 60_000,
  /** The bytes that a message of a watch aims at, and that one may leave unread: all of them together must fit the memory. */
  bytesOfWatchMessage: 64 * kibibyte,
  /** How long a watch may say nothing, in milliseconds. */
  bookmarkEvery: 10_000,
  /** How long a watch waits for a revision that is to come from another node. */
  waitForRevision: 5000,
  /** The most changes, and bytes of their records, that a process keeps for its watches; and that are read at a time. */
  changesKept: 10_000,
  bytesOfChangesKept: 16 * mebibyte,
  changesRead: 500,
  /** The bytes of records after which no further ones are read for changes that are told together. */
  bytesOfChangesRead: 4 * mebibyte,
  /** How often a process looks for changes that others made, in milliseconds: at first, and where there are none. */
  lookForChanges: 50,
  lookForChangesIdle: 150,
  idleAfter: 1000,
  /** How long after a write of its own, so that others that are about to be kept are found as well. */
  lookAfterWrite: 5,
  /** How long watches go on without a database. */
  watchWithoutDatabase: 10_000,
  /** How often changes are looked through for those that are too old. */
  retentionEvery: 60_000,
  /** The most connections of a process, of which each takes about 18 KB. */
  connections: 16_384,
  /** The calls of one connection that are looked at as they come, before others wait for their turn. */
  callsAtOnce: 16,
  /**
   * The calls that wait for their turn, each of which takes some 8 KB and up to 64 KiB of its request; and those that get it
   * in a round of the event loop.
   */
  callsWaiting: 2500,
  callsOfRound: 32,
  /**
   * How many calls are worked on where others wait, by the kind of database, and how long these wait for that, in
   * milliseconds. An embedded one does one statement at a time: a call that waits for it through two collections of garbage
   * keeps its answer until a full one, which was a fifth of all time with 200 lists at once.
   */
  callsTogether: { sqlite: 24, mysql: 200 },
  waitWhileBusy: 2000,
  /** The calls in a row that a connection may take back within so many milliseconds, before it is closed. */
  callsTakenBack: 100,
  takenBackWithin: 10,
  /** How often the log says how many connections were refused, in milliseconds. */
  sayRefusedEvery: 1000,
  /** The most bytes of a request in JSON, which takes longer to read; and of a piece of an answer in JSON. */
  bytesOfJsonRequest: 4 * mebibyte,
  /** The most values of a request in JSON, which is read in one go. The largest models have 25,500. */
  valuesOfJsonRequest: 30_000,
  bytesOfJsonPiece: 64 * kibibyte,
  /** How many times fewer bytes an answer may have, before it is made JSON, than one that is not. */
  growthOfJson: 4,
  /** How long a client may take to send a request over HTTP, in milliseconds. */
  requestPatience: 5 * 60_000,
  /** The questions of one stream of reflection. */
  reflectionRequests: 1000,
} as const;
