/** The ids of a key or of a link, by the names of their fields: `{ collab_id: "c", project_id: "p" }`. */
export type Ids = Readonly<Record<string, string>>;

/** Some of them: what a request gives of a key. */
export type SomeIds = Readonly<Record<string, string | undefined>>;
