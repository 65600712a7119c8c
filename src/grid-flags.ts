import { usageFailure } from "./cli/failure.js";

/** The flags that the grid's other components take, each with how many values follow. */
const gridFlags = new Set(["-i", "--id", "-l", "--logging_variant", "-c", "--censored", "-d", "--debug"]);

/**
 * What the grid's `docker run` lines say, as this program's own: `--id archive -l graylog 172.18.0.4 12201 -c` begins with
 * no command, and means `serve --log-id archive --log-target gelf+tcp://172.18.0.4:12201 --log-censored true`.
 */
export function withoutGridFlags(parameters: readonly string[]): readonly string[] {
  if (!gridFlags.has(parameters[0]?.split("=")[0] ?? "")) return parameters;
  const own = ["serve"];
  const rest = parameters.flatMap((parameter) => {
    const [, flag, value] = /^(--[a-z_]+)=(.*)$/.exec(parameter) ?? [];
    return flag && gridFlags.has(flag) ? [flag, value ?? ""] : [parameter];
  });
  const next = (flag: string): string => {
    const value = rest.shift();
    if (value === undefined) throw usageFailure(`${flag} needs a value`);
    return value;
  };
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    if (flag === "-i" || flag === "--id") own.push("--log-id", next(flag));
    else if (flag === "-c" || flag === "--censored") own.push("--log-censored", "true");
    else if (flag === "-d" || flag === "--debug") own.push("--log-level", "debug");
    else if (flag === "-l" || flag === "--logging_variant") {
      const variant = next(flag);
      if (variant === "graylog") own.push("--log-target", `gelf+tcp://${next(flag)}:${next(flag)}`);
      else if (variant !== "basic") throw usageFailure(`${flag} must be basic, or graylog HOST PORT`);
    } else own.push(flag);
  }
  return own;
}
