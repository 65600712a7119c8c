import { type Command, Option } from "commander";
import { usageFailure } from "./cli/failure.js";
import { environmentValue } from "./environment.js";

/** An option of the command line, which an environment variable can set too. */
export interface Setting<Value> {
  /** As commander takes it: "--port <number>". */
  readonly flags: string;
  readonly variable: string;
  /** Its text in the help. */
  readonly text: string;
  /** Reads the value; throws an Error that says what is wrong with it, as a sentence's end. */
  read(text: string): Value;
  readonly default?: string;
  /** Whether it may hold a password: a value that is wrong may hold it in any place. */
  readonly secret?: boolean;
}

export const optional = <Value>(flags: string, variable: string, read: (text: string) => Value, text: string) => ({
  flags,
  variable,
  read,
  text,
});

export const setting = <Value>(
  flags: string,
  variable: string,
  preset: string | number,
  read: (text: string) => Value,
  text: string,
) => ({ ...optional(flags, variable, read, text), default: String(preset) });

export const whole =
  (least: number, most: number) =>
  (value: string): number => {
    const number = Number(value);
    if (value.trim() === "" || !Number.isInteger(number) || number < least || number > most) {
      throw new Error(`must be a whole number from ${least} to ${most}`);
    }
    return number;
  };

/** Several values, by commas; none where the text is empty. */
export const listOf =
  <Value>(read: (text: string) => Value) =>
  (text: string): readonly Value[] =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map(read);

export const oneOf =
  <const Choice extends string>(choices: readonly Choice[]) =>
  (value: string): Choice => {
    const found = choices.find((choice) => choice === value);
    if (!found) throw new Error(`must be one of ${choices.join(", ")}`);
    return found;
  };

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A time such as "30d", in seconds: from a minute to ten years. */
export const duration = (value: string): number => {
  const [, number, unit = ""] = /^(\d{1,9})([smhd])$/.exec(value) ?? [];
  const seconds = Number(number) * (secondsOf[unit] ?? Number.NaN);
  if (!(seconds >= 60 && seconds <= 3650 * 86_400)) {
    throw new Error("must be a time from 1m to 3650d: a number with s, m, h or d");
  }
  return seconds;
};

export const yesOrNo = (value: string): boolean => {
  if (/^(true|yes|on|1)$/i.test(value)) return true;
  if (/^(false|no|off|0)$/i.test(value)) return false;
  throw new Error("must be true or false");
};

type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values that settings read, undefined only where there is neither a value nor a default. */
export type Values<Table extends Settings> = {
  readonly [Name in keyof Table]:
    | ReturnType<Table[Name]["read"]>
    | (Table[Name] extends { readonly default: string } ? never : undefined);
};

/** Adds options to a command. */
export function addOptions(command: Command, settings: Settings): Command {
  for (const { flags, variable, default: preset, text: description } of Object.values(settings)) {
    const option = new Option(flags, description).env(variable);
    command.addOption(preset === undefined ? option : option.default(preset));
  }
  return command;
}

/** Reads a command's options. Throws one failure that says everything that is wrong with them. */
export function readOptions<Table extends Settings>(command: Command, settings: Table): Values<Table> {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, { flags, variable, read, secret, default: preset }] of Object.entries(settings)) {
    const attribute = new Option(flags).attributeName();
    const given: unknown = command.getOptionValue(attribute);
    const isFlag = command.getOptionValueSource(attribute) === "cli";
    const value = isFlag ? String(given) : (environmentValue(variable) ?? preset);
    if (value === undefined) continue;
    try {
      values[name] = read(value);
    } catch (error) {
      faults.push(`${isFlag ? flags.split(" ")[0] : variable} ${faultOf(error as Error, value, secret)}`);
    }
  }
  if (faults.length > 0) throw usageFailure(faults.join("\n"));
  return values as Values<Table>;
}

/** A fault with the value that has it, unless it is said already; of a secret one, only what a URL begins with. */
function faultOf({ message }: Error, value: string, secret = false): string {
  if (!secret && message.includes(value)) return message;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(value)?.[0];
  if (secret) return scheme ? `${message} (given: "${scheme}…")` : message;
  const shown = value.length > 100 ? `${value.slice(0, 100)}…` : value;
  return `${message} (given: ${JSON.stringify(shown.replace(/:\/\/.*@/, "://…@"))})`;
}
