import { limits } from "../limits.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { MessageShape } from "../records/message-shape.js";
import { quoted } from "../records/quoted.js";

/** A path of a field mask: the names of fields and keys from the details down, as they are. */
export type Path = readonly string[];

/** The paths of a mask; undefined where it means everything. Those that do not exist go to the violations. */
export function readMask(
  shape: MessageShape,
  mask: readonly string[] | undefined,
  violations: FieldViolation[],
): readonly Path[] | undefined {
  if (!mask || mask.length === 0) return undefined;
  if (mask.includes("*")) {
    if (mask.length > 1) violations.push({ field: "update_mask", description: '"*" must stand alone' });
    return undefined;
  }
  if (mask.length > limits.pathsOfMask) {
    const description = `must have at most ${limits.pathsOfMask} paths, not ${mask.length}: name what they have in common`;
    violations.push({ field: "update_mask", description });
    return [];
  }
  return mask.map((text, index) => {
    const path = splitPath(text);
    const fault = path ? pathFault(shape, path) : "is not a path";
    if (fault && violations.length < limits.violations)
      violations.push({ field: `update_mask.paths[${index}]`, description: `("${quoted(text)}") ${fault}` });
    return path ?? [];
  });
}

/** Splits "a.b.`c.d`" into its steps; undefined if it cannot be split. */
function splitPath(text: string): string[] | undefined {
  const steps: string[] = [];
  const step = /(?:`((?:[^`]|``)+)`|([^.`]+))(\.|$)/y;
  let end = "";
  do {
    const match = step.exec(text);
    if (!match) return undefined;
    steps.push(match[1]?.replaceAll("``", "`") ?? (match[2] as string));
    end = match[3] as string;
  } while (end === ".");
  return steps;
}

/** The field that a step of a path names: by its own name, or by that which masks in JSON have. */
export const findField = (shape: MessageShape, name: string) =>
  shape.fields.find((field) => field.name === name) ?? shape.fields.find((field) => field.maskName === name);

/** What is wrong with a path. */
function pathFault(shape: MessageShape, [name, ...rest]: Path): string | undefined {
  const field = findField(shape, name as string);
  if (!field) return `names no field: ${shape.name} has no ${quoted(name as string)}`;
  const below = field.container === "map" ? rest.slice(1) : rest;
  if (field.container === "list" && rest.length > 0) return `goes into the list ${name}, which changes as a whole`;
  if (below.length === 0 || field.kind === "struct") return undefined;
  return field.message ? pathFault(field.message, below) : `goes into ${name}, which has no fields`;
}
