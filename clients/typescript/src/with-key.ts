import { isPlainObject, kindOf } from "./field-path.js";
import { invalid } from "./invalid-argument.js";
import { type AnyKey, archiveKey } from "./write.js";

/** A request with its key, if any, as a message has it. */
export function withKey<Request extends { readonly key?: AnyKey | undefined }>(request: Request) {
  if (!isPlainObject(request)) throw invalid("request", `must be an object, not ${kindOf(request)}`);
  const { key } = request;
  return { ...request, key: key === undefined ? key : archiveKey(key, "key") };
}
