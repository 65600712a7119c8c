import { Argument, type Command, Option } from "commander";
import { clientSettings } from "../options.js";
import { recordTypes } from "../records/record-type.js";
import { addOptions, readOptions } from "../settings.js";
import { Connection } from "./connection.js";
import { outputFormats } from "./terminal.js";

/** What a command is given: a connection for as long as it runs, its arguments and its options. */
export type Action<Options> = (connection: Connection, parameters: string[], options: Options) => Promise<void>;

/** A command that asks a server. */
export function clientCommand<Options>(program: Command, name: string, text: string, action: Action<Options>): Command {
  return addOptions(program.command(name), clientSettings)
    .description(text)
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const parameters = given.slice(0, -2) as string[];
      const connection = new Connection(readOptions(command, clientSettings));
      try {
        await action(connection, parameters, command.opts<Options & object>());
      } finally {
        connection.close();
      }
    });
}

export const typeArgument = (required = true): Argument =>
  new Argument(required ? "<type>" : "[type]", "the record type").choices(recordTypes.map(({ field }) => field));

export const keyArgument = (required = true): Argument =>
  new Argument(required ? "<key>" : "[key]", "its ids, between slashes");

export const formatOption = (): Option =>
  new Option("-o, --output <format>", "what to write").choices(outputFormats).default("table");
