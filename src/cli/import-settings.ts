/** What an import does about records that are in the way, and records without parents. */
export const onConflicts = ["fail", "skip", "replace"] as const;
export const orphanModes = ["refuse", "adopt"] as const;

export interface ImportSettings {
  readonly onConflict: (typeof onConflicts)[number];
  readonly orphans: (typeof orphanModes)[number];
  /** Everything but writing. */
  readonly dryRun: boolean;
  /** Write nothing unless all can be written. */
  readonly strict: boolean;
}
