/** Who asks. */
export interface Caller {
  /** Its name; empty while everybody may do everything. */
  readonly principal: string;
}
