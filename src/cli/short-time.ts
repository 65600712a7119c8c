/** A time to the second: "2021-03-18 16:33:41Z". */
export const shortTime = (time: unknown): string =>
  String(time ?? "")
    .replace("T", " ")
    .replace(/\.\d+/, "");
