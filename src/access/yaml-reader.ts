import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** What is wrong in a file, and where. */
export interface Fault {
  readonly line: number;
  readonly message: string;
}

/** An entry of a map in YAML. */
export interface Entry {
  readonly name: string;
  readonly nameNode: Node | undefined;
  readonly value: Node | undefined;
}

/** The largest file, in characters: about 50,000 principals. What is read takes a hundred times its size for a while. */
const maxSize = 8 * 2 ** 20;

/** Reads YAML piece by piece, and goes on where something is wrong, to say all of it at once. */
export class YamlReader {
  readonly faults: Fault[] = [];
  readonly root: Node | undefined;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    if (text.length > maxSize) {
      this.faults.push({ line: 1, message: `has more than ${maxSize} characters` });
      return;
    }
    const document = parseDocument(text, { lineCounter: this.#lines, merge: false, maxAliasCount: 0 } as object);
    for (const { pos, message } of [...document.errors, ...document.warnings]) {
      this.faults.push({ line: this.#lines.linePos(pos[0]).line, message: message.split("\n")[0] ?? message });
    }
    this.root = (document.contents ?? undefined) as Node | undefined;
  }

  fault(node: Node | undefined, message: string): undefined {
    const line = this.lineOf(node);
    this.faults.push({ line, message });
    return undefined;
  }

  lineOf(node: Node | undefined): number {
    return this.#lines.linePos(node?.range?.[0] ?? 0).line;
  }

  /** The entries of a map; none where it is no map, which is a fault. */
  map(node: Node | undefined, what: string): Entry[] {
    if (!node || (isScalar(node) && node.value === null)) return [];
    if (!isMap(node)) {
      this.fault(node, `${what} must be a map`);
      return [];
    }
    return node.items.map(({ key, value }) => {
      const nameNode = (key ?? undefined) as Node | undefined;
      const name = isScalar(nameNode) ? String(nameNode.value) : "";
      if (!isScalar(nameNode)) this.fault(nameNode, `${what} has a name that is no text`);
      return { name, nameNode, value: (value ?? undefined) as Node | undefined };
    });
  }

  /** The values of a map that may have some names only. */
  fields<Name extends string>(
    node: Node | undefined,
    what: string,
    names: readonly Name[],
  ): Partial<Record<Name, Node>> {
    const found: Partial<Record<Name, Node>> = {};
    for (const { name, nameNode, value } of this.map(node, what)) {
      const known = names.find((each) => each === name);
      if (!known) this.fault(nameNode, `${what} has no ${JSON.stringify(name.slice(0, 80))}: ${names.join(", ")}`);
      else if (value) found[known] = value;
    }
    return found;
  }

  /** The items of a list; none where it is no list, which is a fault. */
  list(node: Node | undefined, what: string): Node[] {
    if (!node || (isScalar(node) && node.value === null)) return [];
    if (isSeq(node)) return node.items as Node[];
    this.fault(node, `${what} must be a list`);
    return [];
  }

  text(node: Node | undefined, what: string, test = (_: string): string | undefined => undefined): string | undefined {
    if (!node) return undefined;
    if (!isScalar(node) || typeof node.value !== "string") return this.fault(node, `${what} must be a text: in quotes`);
    const problem = test(node.value);
    if (problem) return this.fault(node, `${what} ${problem}`);
    return node.value;
  }

  choice<Choice extends string>(node: Node | undefined, what: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(node, what);
    const found = choices.find((choice) => choice === text);
    if (text !== undefined && !found) this.fault(node, `${what} must be one of ${choices.join(", ")}`);
    return found;
  }
}
