/**
 * Changes what ts-proto generates such that nothing which comes in is lost, or becomes something else. Run by
 * `make generate`.
 *
 * - "__proto__" is a name like any other, but JavaScript takes its assignment for a change of the prototype: there the
 *   entry of a map is defined instead.
 * - An entry of a map without a value has the value that its type has by default, as protobuf says, and as the clients
 *   of some languages write it. ts-proto leaves the entry out.
 * - A member of a Struct without a value, and a null_value that is not null, stay there as undefined: so validation can
 *   name them. ts-proto leaves the one out, and makes the other null.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../generated/ts/", import.meta.url);
const assigned = /^( *)([a-z]+(?:\.[a-z_]+)?)\[(entry\d+\.key|key)\] = (.*);$/gm;
const left = /(const (entry\d+) = (\w+)\.decode\(.*\);\n *)if \(\2\.value !== undefined\) \{/g;
const nulled = '(message.kind?.$case === "null_value") ? null : message.kind?.value;';

for (const name of readdirSync(folder, { encoding: "utf8", recursive: true })) {
  if (!name.endsWith(".ts")) continue;
  const file = new URL(name, folder);
  const text = readFileSync(file, "utf8");
  /** How an entry of a map decodes its value, where that is a message. */
  const decoderOf = (entry: string) => {
    const [, codec = ""] = text.split(`export const ${entry}:`);
    return /^(?:(?!export const).)*?message\.value = ((\w+)\.(?:decode|unwrap))\(/s.exec(codec) ?? [];
  };
  const exact = text
    .replace(assigned, (_, indent: string, map: string, key: string, value: string) => {
      const property = `{ value: ${value}, configurable: true, enumerable: true, writable: true }`;
      return [
        `${indent}if (${key} === "__proto__") globalThis.Object.defineProperty(${map}, ${key}, ${property});`,
        `${indent}else ${map}[${key}] = ${value};`,
      ].join("\n");
    })
    .replace(left, (whole: string, decoded: string, entry: string, type: string) => {
      const [, decoder, message] = decoderOf(type);
      if (decoder?.endsWith("unwrap")) return `${decoded}{`;
      return message ? whole.replace(`(${entry}.value`, `((${entry}.value ??= ${message}.create())`) : whole;
    })
    .replace(
      nulled,
      '(message.kind?.$case === "null_value") ? (message.kind.value === 0 ? null : undefined) : message.kind?.value;',
    );
  if (exact !== text) writeFileSync(file, exact);
}
