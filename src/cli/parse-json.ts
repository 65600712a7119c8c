import type { Payload, PayloadValue } from "../records/payload.js";

/** What is wrong with a JSON text, and where. */
export class JsonFault extends Error {
  override readonly name = "JsonFault";

  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

/** A member of an object, and where its value begins. */
export interface Member {
  readonly name: string;
  readonly offset: number;
}

/** The most objects and lists inside each other: far more than any record may have. */
const maxDepth = 500;

const constants: Readonly<Record<string, PayloadValue>> = {
  true: true,
  false: false,
  null: null,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

const patterns = { token: /[^\s,:{}[\]"]+/y, text: /[^"\\\p{Cc}]*/uy, plain: /[^"{}[\],]*/y, space: /[ \t\r\n]*/y };

/**
 * Reads JSON as Python writes it: integers apart from other numbers, and the bare tokens NaN, Infinity and -Infinity.
 * Throws a JsonFault where it is broken.
 */
export class JsonParser {
  #offset = 0;

  /** What strings become is asked of `string`. */
  constructor(
    readonly text: string,
    readonly string: (text: string) => string = (text) => text,
  ) {}

  /** The value at an offset. */
  valueAt(offset: number): PayloadValue {
    this.#offset = offset;
    return this.#value(0);
  }

  /** The only value of the text. */
  whole(): PayloadValue {
    const value = this.valueAt(0);
    this.#end();
    return value;
  }

  /**
   * The members of the object at an offset, in turn. Values are passed over by their brackets and strings alone, unless
   * the generator is told where the one that it gave last ends. Returns where the object ends.
   */
  *membersAt(start: number): Generator<Member, number, number | undefined> {
    this.#offset = start;
    this.#expect("{");
    if (this.#take("}")) return this.#offset;
    do {
      const name = this.#name();
      const offset = this.#offset;
      const end = yield { name, offset };
      this.#offset = end ?? offset;
      if (end === undefined) this.#pass();
    } while (this.#take(","));
    this.#expect("}");
    return this.#offset;
  }

  /** That nothing follows. */
  endAt(offset: number): void {
    this.#offset = offset;
    this.#end();
  }

  #value(depth: number): PayloadValue {
    if (depth > maxDepth) throw this.#fault(`nests more than ${maxDepth} levels`);
    if (this.#take("{")) return this.#object(depth);
    if (this.#take("[")) return this.#list(depth);
    if (this.text[this.#offset] === '"') return this.string(this.#string());
    const token = this.#match(patterns.token);
    if (Object.hasOwn(constants, token)) return constants[token] as PayloadValue;
    if (/^-?(0|[1-9]\d*)$/.test(token)) return BigInt(token);
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(token)) {
      const number = Number(token);
      if (Number.isFinite(number) && (number !== 0 || !/^-?[0.]*[1-9]/.test(token))) return number;
      this.#offset -= token.length;
      throw this.#fault(`${cut(token)} is beyond the numbers that can be kept`);
    }
    this.#offset -= token.length;
    throw this.#fault(token === "" ? `a value is missing before ${this.#next()}` : `${cut(token)} is no value`);
  }

  #object(depth: number): Payload {
    const members: [string, PayloadValue][] = [];
    if (this.#take("}")) return {};
    do members.push([this.#name(), this.#value(depth + 1)]);
    while (this.#take(","));
    this.#expect("}");
    const object = Object.fromEntries(members);
    if (Object.keys(object).length < members.length)
      throw this.#fault(`an object has the name ${twice(members)} twice`);
    return object;
  }

  #list(depth: number): PayloadValue[] {
    const items: PayloadValue[] = [];
    if (this.#take("]")) return items;
    do items.push(this.#value(depth + 1));
    while (this.#take(","));
    this.#expect("]");
    return items;
  }

  #name(): string {
    this.#space();
    if (this.text[this.#offset] !== '"') throw this.#fault(`a name in quotes is missing before ${this.#next()}`);
    const name = this.#string();
    this.#expect(":");
    return name;
  }

  #string(): string {
    const start = this.#offset++;
    let escapes = false;
    for (;;) {
      this.#match(patterns.text);
      const character = this.text[this.#offset];
      if (character === '"') break;
      if (character === undefined) {
        this.#offset = start;
        throw this.#fault("a text has no end");
      }
      // Only the control characters of ASCII must be escaped.
      if (character < " ") throw this.#fault("a text holds a control character, such as the end of a line");
      if (character === "\\") escapes = true;
      this.#offset += character === "\\" ? 2 : 1;
    }
    const quoted = this.text.slice(start, ++this.#offset);
    if (!escapes) return quoted.slice(1, -1);
    try {
      const text = JSON.parse(quoted) as string;
      if (!/\p{Cs}/u.test(text)) return text;
    } catch {
      // It is said below.
    }
    this.#offset = start;
    throw this.#fault("a text holds an escape that stands for no character");
  }

  /** Passes over a value. */
  #pass(): void {
    const start = this.#offset;
    const open: string[] = [];
    for (;;) {
      this.#match(patterns.plain);
      const character = this.text[this.#offset];
      if (character === '"') this.#string();
      else if (character === "{" || character === "[") {
        open.push(character === "{" ? "}" : "]");
        this.#offset++;
      } else if (character === undefined) {
        const isNested = open.length > 0;
        if (isNested) this.#offset = start;
        throw this.#fault(isNested ? "an object or a list has no end" : `${this.#next()} came too early`);
      } else if (open.length > 0) {
        if (character !== "," && open.pop() !== character) throw this.#fault(`${character} closes nothing`);
        this.#offset++;
      } else return;
    }
  }

  #end(): void {
    this.#space();
    if (this.#offset < this.text.length) throw this.#fault(`${this.#next()} follows the end`);
  }

  /** Takes a character, with the white space before and after it. */
  #take(character: string): boolean {
    this.#space();
    if (this.text[this.#offset] !== character) return false;
    this.#offset++;
    this.#space();
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw this.#fault(`${character} is missing before ${this.#next()}`);
  }

  #space(): void {
    if (this.text.charCodeAt(this.#offset) <= 32) this.#match(patterns.space);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const [found = ""] = pattern.exec(this.text) ?? [];
    this.#offset += found.length;
    return found;
  }

  #next(): string {
    const next = this.text.slice(this.#offset).match(/^[\p{L}\p{N}_.+-]+|^./u)?.[0] ?? this.text[this.#offset];
    return next === undefined ? "the end" : JSON.stringify(cut(next));
  }

  #fault(message: string): JsonFault {
    return new JsonFault(this.#offset, message);
  }
}

/** The first name that stands twice. */
function twice(members: readonly [string, unknown][]): string {
  const names = members.map(([name]) => name);
  return JSON.stringify(cut(names.find((name, index) => names.indexOf(name) < index) ?? ""));
}

const cut = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** Tells where in a text an offset is: lines and columns count from 1. */
export function placesIn(text: string): (offset: number) => { line: number; column: number } {
  let ends: number[] | undefined;
  return (offset) => {
    if (!ends) {
      ends = [];
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) ends.push(end);
    }
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return { line: low + 1, column: offset - (ends[low - 1] ?? -1) };
  };
}
