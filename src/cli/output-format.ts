/** The formats of what commands write. */
export const outputFormats = ["table", "json", "yaml"] as const;

export type OutputFormat = (typeof outputFormats)[number];
