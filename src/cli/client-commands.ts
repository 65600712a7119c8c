import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { bulkSettings, clientSettings } from "../options.js";
import { recordTypes } from "../records/record-type.js";
import { aboutRecord, clientCommand, connected } from "./client-command.js";
import type { CreateOptions } from "./create.js";
import type { DeleteOptions } from "./delete.js";
import type { DescribeOptions } from "./describe.js";
import type { ExportOptions } from "./export.js";
import type { GetOptions } from "./get.js";
import type { HistoryOptions } from "./history.js";
import type { ImportFlags } from "./import.js";
import { onConflicts, orphanModes } from "./import-settings.js";
import type { ListOptions } from "./list.js";
import { outputFormats } from "./output-format.js";
import type { TreeOptions } from "./tree.js";
import type { UpdateOptions } from "./update.js";
import type { WatchOptions } from "./watch.js";
import type { WhoAmIOptions } from "./whoami.js";

/** Adds the commands about single records. */
function addRecordCommands(program: Command): void {
  const named = (command: Command) =>
    command.addArgument(typeArgument()).addArgument(keyArgument()).addOption(formatOption());
  const details = (command: Command) =>
    named(command).option("-f, --file <file>", "its details, as JSON or YAML; - for the standard input", "-");

  const get = connected<GetOptions>(async () => aboutRecord((await import("./get.js")).get));
  named(clientCommand(program, clientSettings, "get", "show a record", get))
    .option("--full", "with its relations and ancestors, in json and yaml")
    .addOption(
      new Option("--relations <type,...>", "with relations of these types only; implies --full").argParser(someTypes),
    );
  const create = connected<CreateOptions>(async () => aboutRecord((await import("./create.js")).create));
  details(clientCommand(program, clientSettings, "create", "create a record", create)).option(
    "--validate-only",
    "only check",
  );
  const update = connected<UpdateOptions>(async () => aboutRecord((await import("./update.js")).update));
  details(clientCommand(program, clientSettings, "update", "replace or change a record's details", update))
    .option("--mask <paths>", 'change only these fields, such as "lr,nodes.node_0.port"; without it, replace all')
    .option("--allow-missing", "create the record where there is none")
    .option("--etag <etag>", "change it only if this is still its etag");
  const remove = connected<DeleteOptions>(async () => aboutRecord((await import("./delete.js")).remove));
  const removing = "delete a record and everything downstream of it, once it is confirmed";
  named(clientCommand(program, clientSettings, "delete", removing, remove))
    .option("--yes", "do not ask")
    .option("--restrict", "refuse if there is anything downstream")
    .option("--allow-missing", "go on where there is no such record")
    .option("--etag <etag>", "delete it only if this is still its etag");
}

/** Adds the commands about many records. */
function addListCommands(program: Command): void {
  const list = connected<ListOptions>(async () => (await import("./list.js")).list);
  clientCommand(program, clientSettings, "list", "list records in the order of keys", list)
    .addArgument(typeArgument())
    .argument("[key]", "the beginning of their keys, whole ids")
    .addOption(
      new Option("--where <field=id>", "only those with this id, such as participant_id=p; can be repeated").argParser(
        (condition, before: string[] = []) => [...before, condition],
      ),
    )
    .option("--prefix <text>", "only those whose last id begins so")
    .option("--limit <number>", "the most records", "100")
    .option("--all", "all records, page by page")
    .option("--page-token <token>", "the page that a list before named")
    .addOption(formatOption());
  const tree = connected<TreeOptions>(async () => (await import("./tree.js")).tree);
  const drawing =
    "draw what is below a record, or the whole archive, each with the time of its own last change and counts of what is downstream";
  clientCommand(program, clientSettings, "tree", drawing, tree)
    .addArgument(typeArgument(false))
    .addArgument(keyArgument(false))
    .option("--depth <levels>", "how many levels to draw below the first", "1")
    .option("--limit <records>", "the most records of one type to draw below another", "20");
}

/** Adds the commands about changes. */
function addChangeCommands(program: Command): void {
  const types = () =>
    new Option("--types <type,...>", "only where records of these types were changed or deleted").argParser(someTypes);
  const watch = connected<WatchOptions>(async () => (await import("./watch.js")).watch);
  const watching =
    "show changes of a record and what is below it, or of all, as they are made; Ctrl-C says how to go on";
  clientCommand(program, bulkSettings, "watch", watching, watch)
    .addArgument(typeArgument(false))
    .addArgument(keyArgument(false))
    .addOption(types())
    .addOption(new Option("--since <token>", "go on after a token, or after a revision").conflicts("existing"))
    .option("--existing", "first all records that there are")
    .addOption(new Option("-o, --output <format>", "what to write").choices(["text", "json"]).default("text"));
  const history = connected<HistoryOptions>(async () => (await import("./history.js")).history);
  const telling = "show who changed a record, or anything below it, and when";
  clientCommand(program, clientSettings, "history", telling, history)
    .addArgument(typeArgument())
    .addArgument(keyArgument())
    .addOption(types())
    .option("--limit <number>", "the most changes", "100")
    .addOption(formatOption());
}

/** Adds the commands about the archive as a whole. */
function addArchiveCommands(program: Command): void {
  const importFile = connected<ImportFlags>(async () => (await import("./import.js")).importFile);
  const importing =
    "import a TinyDB file of the predecessor or an export, found out by looking; again, it changes nothing";
  clientCommand(program, bulkSettings, "import", importing, importFile)
    .argument("<file>", "the file; - for the standard input")
    .option("--dry-run", "everything but writing")
    .addOption(
      new Option("--orphans <mode>", "what to do with records whose parents are missing: adopt makes minimal parents")
        .choices(orphanModes)
        .default("refuse"),
    )
    .addOption(
      new Option("--on-conflict <mode>", "what to do where there is another record of the same key")
        .choices(onConflicts)
        .default("fail"),
    )
    .option("--strict", "write nothing unless everything can be written")
    .option("--report <file>", "write what came of it, as JSON");

  const exportRecords = connected<ExportOptions>(async () => (await import("./export.js")).exportRecords);
  const exporting = "write all records, or one and everything downstream of it, a line each, as JSON that import takes";
  clientCommand(program, bulkSettings, "export", exporting, exportRecords)
    .addArgument(typeArgument(false))
    .addArgument(keyArgument(false))
    .option("-f, --file <file>", "replace this file once all is there; - for the standard output", "-");

  const describe = connected<DescribeOptions>(async () => (await import("./describe.js")).describe);
  clientCommand(
    program,
    clientSettings,
    "describe",
    "show the record types, as the server has them",
    describe,
  ).addOption(formatOption());

  const whoAmI = connected<WhoAmIOptions>(async () => (await import("./whoami.js")).whoAmI);
  const introducing = "show who asks, as the server sees it, and what that may do";
  clientCommand(program, clientSettings, "whoami", introducing, whoAmI).addOption(formatOption());

  const asking = "ask a server for its health; exits with 0 if it is serving, else with 1";
  clientCommand(program, clientSettings, "health", asking, async (settings) =>
    (await import("./health.js")).health(settings),
  );
}

/** Adds all commands that ask a server. */
export function addClientCommands(program: Command): void {
  addRecordCommands(program);
  addListCommands(program);
  addChangeCommands(program);
  addArchiveCommands(program);
}

const typeNames = recordTypes.map(({ field }) => field);

const typeArgument = (required = true): Argument =>
  new Argument(required ? "<type>" : "[type]", "the record type").choices(typeNames);

const keyArgument = (required = true): Argument =>
  new Argument(required ? "<key>" : "[key]", "its ids, between slashes");

const formatOption = (): Option =>
  new Option("-o, --output <format>", "what to write").choices(outputFormats).default("table");

/** Record types between commas; given again, it adds to what was given before. */
function someTypes(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !typeNames.includes(name as (typeof typeNames)[number]));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `There is no record type "${unknown}". Allowed choices are ${typeNames.join(", ")}.`,
    );
  }
  return [...before, ...names];
}
