/**
 * What Kubernetes and Docker set beside a service called `archive`, for programs that look for it: ARCHIVE_PORT is then
 * tcp://10.43.0.1:50051. Of the variables that they set, this is the only one that has another meaning here.
 */
const serviceLink = /^(tcp|udp|sctp):\/\//;

const isServiceLink = (variable: string, value: string) => variable.endsWith("_PORT") && serviceLink.test(value);

/** What an environment variable says; an empty one says nothing, as one that others have set for themselves. */
export function environmentValue(variable: string): string | undefined {
  const value = process.env[variable];
  return value && !isServiceLink(variable, value) ? value : undefined;
}

/** Those of some variables that others have set for themselves, with what they say. */
export const foreignVariables = (variables: readonly string[]): readonly (readonly [string, string])[] =>
  variables.flatMap((variable) => {
    const value = process.env[variable];
    return value && isServiceLink(variable, value) ? [[variable, value] as const] : [];
  });
