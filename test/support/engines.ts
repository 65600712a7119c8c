/** The engines that tests run on, by the names that ARCHIVE_TEST_ENGINES takes. */
export const engineNames = { sqlite: "SQLite", mariadb: "MariaDB", mysql: "MySQL" } as const;

type EngineKind = keyof typeof engineNames;

const isEngineKind = (text: string): text is EngineKind => Object.hasOwn(engineNames, text);

/** The engines that a value of ARCHIVE_TEST_ENGINES names, such as `sqlite` or `sqlite,mysql`; all where it has none. */
export function chosenEngines(value: string | undefined): EngineKind[] {
  const all = Object.keys(engineNames).filter(isEngineKind);
  if (!value) return all;
  const chosen = value.split(",").map((name) => name.trim());
  const unknown = chosen.find((name) => !isEngineKind(name));
  if (unknown !== undefined) {
    throw new Error(`ARCHIVE_TEST_ENGINES: there is no engine ${JSON.stringify(unknown)}, only ${all.join(", ")}`);
  }
  return all.filter((kind) => chosen.includes(kind));
}
