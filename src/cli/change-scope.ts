import type { Json } from "./connection.js";
import { parseKey, recordTypeName, typeNamed } from "./record-name.js";

export interface ScopeOptions {
  readonly types?: readonly string[];
}

/** What of a request says which records' changes are meant. */
export function changeScope([name, text = ""]: readonly string[], { types = [] }: ScopeOptions): Json {
  const type = name ? typeNamed(name) : undefined;
  return {
    ...(type ? { key: { [type.field]: { ...parseKey(type, text) } } } : {}),
    record_types: types.map((each) => recordTypeName(typeNamed(each))),
  };
}
