import type { Command } from "commander";
import type { bulkSettings, clientSettings } from "../options.js";
import type { RecordType } from "../records/record-type.js";
import { addOptions, readOptions, type Values } from "../settings.js";
import type { Connection, Json } from "./connection.js";
import { parseKey, typeNamed } from "./record-name.js";

/** What a command does, with a connection for as long as it runs, its arguments and its options. */
export type Action<Options> = (connection: Connection, parameters: string[], options: Options) => Promise<void>;

/** What a command about one record is about. */
export interface Target {
  readonly connection: Connection;
  readonly type: RecordType;
  readonly key: Json & Record<string, string>;
}

type Table = typeof clientSettings | typeof bulkSettings;

/** A command that asks a server. What it needs is loaded only where it is run. */
export function clientCommand<Settings extends Table, Options>(
  program: Command,
  settings: Settings,
  name: string,
  text: string,
  run: (settings: Values<Settings>, parameters: string[], options: Options) => Promise<void>,
): Command {
  return addOptions(program.command(name), settings)
    .description(text)
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      await run(readOptions(command, settings), given.slice(0, -2) as string[], command.opts<Options & object>());
    });
}

/** Does something with a connection, and closes it. */
export const connected =
  <Options>(load: () => Promise<Action<Options>>) =>
  async (settings: Values<Table>, parameters: string[], options: Options): Promise<void> => {
    const [{ Connection }, action] = await Promise.all([import("./connection.js"), load()]);
    const connection = new Connection(settings);
    try {
      await action(connection, parameters, options);
    } finally {
      connection.close();
    }
  };

/** Does something with the record that the arguments name. */
export const aboutRecord =
  <Options>(act: (target: Target, options: Options) => Promise<void>): Action<Options> =>
  async (connection, [typeName = "", text = ""], options) => {
    const type = typeNamed(typeName);
    await act({ connection, type, key: { ...parseKey(type, text) } }, options);
  };
