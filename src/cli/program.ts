import { type Command, CommanderError, type OutputConfiguration } from "commander";
import { addAccessCommands } from "./access-commands.js";
import { addClientCommands } from "./client-commands.js";
import { addCompletion } from "./completion.js";
import { asFailure, exitCodes, exitCodesHelp, usageFailure } from "./failure.js";
import { keysHelp } from "./record-name.js";
import { errorColors, printFailure } from "./terminal.js";

/** How wrong options and arguments are told. */
export const usageOutput: OutputConfiguration = {
  // An argument that is not known may be a URL with a password.
  outputError: (text, write) =>
    write(errorColors.red(text.replace(/^error: /, "error: USAGE: ").replace(/:\/\/[^\s']*@/g, "://…@"))),
};

/** Adds the commands that ask a server, those about access files, and shell completion of all. */
export function addCommands(program: Command): void {
  addClientCommands(program);
  addAccessCommands(program);
  addCompletion(program);
  program.addHelpText("after", `${keysHelp}\n${exitCodesHelp}`);
}

/** Runs the program; what goes wrong is said in one line, and makes the exit status. */
export async function runProgram(
  program: Command,
  explain: (error: Error) => string,
  translated: (parameters: readonly string[]) => readonly string[],
): Promise<void> {
  // Messages assign entries of maps by name: without the accessor, "__proto__" is a name like any other.
  Reflect.deleteProperty(Object.prototype, "__proto__");
  // Whoever reads the output may have seen enough of it, such as head.
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) =>
    process.exit(code === "EPIPE" ? 0 : exitCodes.UNFORESEEN),
  );
  // Nor does it change how a command ends that nobody reads what it says beside.
  process.stderr.on("error", () => undefined);
  try {
    refuseForeignBytes(process.argv);
    await program.parseAsync(translated(process.argv.slice(2)), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.USAGE;
      return;
    }
    const failure = asFailure(error as Error, explain);
    printFailure(failure);
    process.exitCode = failure.exitCode;
  }
}

/** Arguments come decoded, with U+FFFD for what is not UTF-8: as a key it would name another record. */
function refuseForeignBytes(words: readonly string[]): void {
  const foreign = words.find((word) => word.includes("\uFFFD"));
  if (foreign !== undefined) {
    throw usageFailure(`${JSON.stringify(foreign)} is not UTF-8; if U+FFFD is meant in a key, write it as %EF%BF%BD`);
  }
}
