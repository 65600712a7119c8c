import type { Logger } from "winston";
import type { Access } from "../access/access.js";
import type { AnswerMemory } from "../answer-memory.js";
import type { Admission } from "./admission.js";
import type { CallObserver } from "./call-observer.js";
import type { CallTracer } from "./call-tracer.js";
import type { PrincipalLimits } from "./principal-limits.js";

/** What all calls are answered with. */
export interface CallEnvironment {
  readonly logger: Logger;
  /** The most bytes of an answer. */
  readonly maxSendSize: number;
  /** The most values of a record in a request. */
  readonly maxValues: number;
  /** Is told of each call, where somebody wants to know. */
  readonly observer?: CallObserver | undefined;
  /** Begins the trace of each call, where somebody wants such. */
  readonly tracer?: CallTracer | undefined;
  /** Lets calls in; without it, all are. */
  readonly admission?: Admission | undefined;
  /** For answers that are large. */
  readonly memory: AnswerMemory;
  /** Who may do what; undefined where everybody may do everything. */
  readonly access: Access | undefined;
  /** What one principal may ask for; without it, whatever there is for all. */
  readonly principalLimits?: PrincipalLimits | undefined;
}
