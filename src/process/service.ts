/** What a process does until it is told to stop. */
export interface Service {
  /** Resolves once it serves, rejects if it cannot. */
  readonly started: Promise<void>;
  /** Ends it in order, whatever it is at; once only. */
  stop(): Promise<void>;
  /** Ends at once what would outlive this process. */
  abandon(): void;
}
