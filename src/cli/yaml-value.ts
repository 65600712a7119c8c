import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, Scalar } from "yaml";
import type { Payload, PayloadValue } from "../records/payload.js";

/** The most values that aliases may stand for: what is small must not become huge. */
const maxAliased = 100_000;

/** What a YAML document holds that JSON does not. */
export class YamlFault extends Error {
  override readonly name = "YamlFault";
}

/** The tags of what JSON has, too. */
const plainTags = ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`);

/** The value of a YAML document, whole numbers as bigints. Throws a YamlFault for all that JSON does not have. */
export function yamlValue(document: Document.Parsed, text: string): PayloadValue {
  const lines = new LineCounter();
  for (let start = 0; start >= 0; ) {
    lines.addNewLine(start);
    const end = text.indexOf("\n", start);
    start = end < 0 ? -1 : end + 1;
  }
  let [aliases, aliased] = [0, 0];
  const open = new Set<Node>();
  const fail = (node: Node, message: string): never => {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    throw new YamlFault(`holds what is not taken at line ${line}, column ${col}: ${message}`);
  };
  const valueAt = (node: Node | null): PayloadValue => {
    if (node === null) return null;
    if (aliases > 0 && ++aliased > maxAliased) {
      fail(node, `aliases stand for more than ${maxAliased.toLocaleString("en-US")} values`);
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (!target) return fail(node, `there is no anchor ${node.source}`);
      if (open.has(target)) return fail(node, `${node.source} holds itself`);
      aliases++;
      const value = valueAt(target);
      aliases--;
      return value;
    }
    if (node.tag && !plainTags.includes(node.tag)) return fail(node, `the tag ${node.tag} is not JSON's`);
    if (isScalar(node)) return scalarOf(node);
    if (!isMap(node) && !isSeq(node)) return fail(node, "it is no value");
    open.add(node);
    const value = isSeq(node)
      ? node.items.map((item) => valueAt(item as Node | null))
      : (Object.fromEntries(
          node.items.map((pair) => [nameOf(pair.key as Node | null, node), valueAt(pair.value as Node | null)]),
        ) as Payload);
    open.delete(node);
    return value;
  };
  const scalarOf = (node: Scalar): PayloadValue => {
    const { value, source = "" } = node;
    if (typeof value === "string" && /\p{Cs}/u.test(value)) fail(node, "a text holds half of a surrogate pair");
    if (typeof value === "number") {
      const isNamed = /inf|nan/i.test(source);
      if (!Number.isFinite(value) && !isNamed) fail(node, `${source} is larger than any number that can be kept`);
      if (value === 0 && /[1-9]/.test(source.split(/e/i)[0] ?? "")) {
        fail(node, `${source} is smaller than any number that can be kept`);
      }
    }
    return value as PayloadValue;
  };
  const nameOf = (key: Node | null, map: Node): string => {
    const at = key ?? map;
    if (!isScalar(key) || typeof key.value !== "string") {
      const given = isScalar(key) ? ` ${key.source ?? key.value}` : "";
      return fail(at, `the name${given} is no text: put it into quotes`);
    }
    if (key.tag && !plainTags.includes(key.tag)) fail(key, `the tag ${key.tag} is not JSON's`);
    if (key.value === "<<" && key.type === Scalar.PLAIN) {
      fail(key, "merge keys are not JSON's: write the members out, or put << into quotes");
    }
    return String(scalarOf(key));
  };
  if (document.directives.yaml.explicit && document.directives.yaml.version !== "1.2") {
    throw new YamlFault(`is YAML ${document.directives.yaml.version}: only JSON and YAML 1.2 are taken`);
  }
  return valueAt(document.contents);
}
