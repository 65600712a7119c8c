/** Who is told of each call, such as metrics. */
export interface CallObserver {
  /** A call of a path has begun. */
  begun(path: string): void;
  /** It has ended, with the name of a code, "OK" where it went well, after so many milliseconds. */
  ended(path: string, code: string, milliseconds: number): void;
}
