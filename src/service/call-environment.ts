import type { Logger } from "winston";
import type { Access } from "../access/access.js";
import type { AnswerMemory } from "../answer-memory.js";
import type { Admission } from "./admission.js";
import type { CallObserver } from "./call-observer.js";

/** What all calls are answered with. */
export interface CallEnvironment {
  readonly logger: Logger;
  /** The most bytes of an answer. */
  readonly maxSendSize: number;
  /** The most values of a record in a request. */
  readonly maxValues: number;
  /** Is told of each call, where somebody wants to know. */
  readonly observer?: CallObserver | undefined;
  /** Lets calls in; without it, all are. */
  readonly admission?: Admission | undefined;
  /** For answers that are large. */
  readonly memory: AnswerMemory;
  /** Who may do what; undefined where everybody may do everything. */
  readonly access: Access | undefined;
}
