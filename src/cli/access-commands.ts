import { Argument, type Command, Option } from "commander";
import { verbs } from "../access/define-roles.js";
import { recordTypes } from "../records/record-type.js";
import type { AccessCheckOptions } from "./access-check.js";
import { outputFormats } from "./output-format.js";
import type { TokenOptions } from "./token.js";

/** Adds the commands about who may do what, which ask no server. */
export function addAccessCommands(program: Command): void {
  const access = program.command("access").description("look into an access file");
  access
    .command("check")
    .description("say all that is wrong with an access file, or whether a principal may do something by it, and why")
    .argument("<file>", "the access file")
    .addArgument(new Argument("[type]", "the record type").choices(recordTypes.map(({ field }) => field)))
    .argument("[key]", "its ids, between slashes; to read, the beginning of them asks for a list", "")
    .option("--as <principal>", "who would ask")
    .addOption(new Option("--may <verb>", "what it would do").choices(verbs))
    .addOption(new Option("-o, --output <format>", "what to write").choices(outputFormats).default("table"))
    .action(async (file: string, type: string | undefined, key: string, options: AccessCheckOptions) =>
      (await import("./access-check.js")).checkAccess(file, type, key, options),
    );
  program
    .command("token")
    .description("make a token: it is written once, and what the access file has of it to the standard error")
    .option("--name <principal>", "whose it will be")
    .option("--expires <day>", "until when it holds, such as 2027-01-31 or 2027-01-31T12:00:00Z")
    .action(async (options: TokenOptions) => (await import("./token.js")).makeToken(options));
}
