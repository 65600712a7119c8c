/** A time of a record, which is a text in proto JSON here, to the second and for people: "2021-03-18 16:33:41Z". */
export const shortTime = (time: unknown): string =>
  String(time ?? "")
    .replace("T", " ")
    .replace(/\.\d+/, "");
