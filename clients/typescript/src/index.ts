// The messages and enums, as they were generated.
export type { Timestamp } from "../../../generated/ts/google/protobuf/timestamp.js";
export * from "../../../generated/ts/synergos/archive/v1/alignment.js";
export type {
  Grant,
  RecordTypeDescription,
  WhoAmIResponse,
  WriteResult,
} from "../../../generated/ts/synergos/archive/v1/archive_service.js";
export { type Change, ChangeKind, ChangeOrder } from "../../../generated/ts/synergos/archive/v1/change.js";
export * from "../../../generated/ts/synergos/archive/v1/collaboration.js";
export * from "../../../generated/ts/synergos/archive/v1/experiment.js";
export * from "../../../generated/ts/synergos/archive/v1/inference_result.js";
export * from "../../../generated/ts/synergos/archive/v1/mlflow.js";
export * from "../../../generated/ts/synergos/archive/v1/model.js";
export * from "../../../generated/ts/synergos/archive/v1/options.js";
export * from "../../../generated/ts/synergos/archive/v1/participant.js";
export * from "../../../generated/ts/synergos/archive/v1/prediction.js";
export * from "../../../generated/ts/synergos/archive/v1/project.js";
export * from "../../../generated/ts/synergos/archive/v1/record_type.js";
export * from "../../../generated/ts/synergos/archive/v1/records.js";
export * from "../../../generated/ts/synergos/archive/v1/registration.js";
export * from "../../../generated/ts/synergos/archive/v1/run.js";
export * from "../../../generated/ts/synergos/archive/v1/tag.js";
export * from "../../../generated/ts/synergos/archive/v1/validation.js";
export type { Archive, CountRequest, RecordClients, StreamRequest } from "./archive.js";
export { ArchiveError, type Code, type FieldViolation, type PreconditionViolation } from "./archive-error.js";
export type { Token } from "./bearer-token.js";
export type { CallOptions } from "./call-options.js";
export type { ChangePage, ChangesRequest, WatchEvent, WatchRequest } from "./changes.js";
export { connect } from "./connect.js";
export type { ConnectOptions, TlsOptions } from "./connect-options.js";
export type { DeepPartial, Given } from "./deep-partial.js";
export type { RecordClient } from "./record-client.js";
export type { MessagesOf, Page } from "./record-methods.js";
export type { AnyRecord, KeyOf, RecordName, RecordOf } from "./record-services.js";
export { fromDate, toDate } from "./timestamp-date.js";
export type { AnyKey, Write } from "./write.js";
