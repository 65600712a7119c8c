import type {
  BatchWriteRequest,
  CountDescendantsRequest,
  ImportRequest,
  StreamDescendantsRequest,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { ArchiveServiceDefinition } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ListChangesRequest, WatchRequest } from "../../generated/ts/synergos/archive/v1/change.js";
import { batchWrite } from "../archive/batch-write.js";
import { ChangeFeed } from "../archive/change-feed.js";
import { countDescendants } from "../archive/count-descendants.js";
import { describeHierarchy } from "../archive/describe-hierarchy.js";
import { importRecords } from "../archive/import.js";
import { listChanges } from "../archive/list-changes.js";
import { streamDescendants } from "../archive/stream-descendants.js";
import { watch } from "../archive/watch.js";
import { limits } from "../limits.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import type { Store } from "../storage/store.js";
import { bindings } from "./bindings.js";
import type { CallEnvironment } from "./call-environment.js";
import { clientStreaming } from "./client-streaming.js";
import { encodeDetailsOnce } from "./encoded-details.js";
import type { Handler } from "./handler.js";
import type { ClientStreamingCall, ServerStreamingCall, UnaryCall } from "./incoming-call.js";
import { recordHandlers } from "./record-handlers.js";
import { serverStreaming } from "./server-streaming.js";
import type { MethodBinding, ServiceBinding } from "./service-binding.js";
import { StreamSlots } from "./stream-slots.js";
import { codeStructsDirectly } from "./struct-codec.js";
import { unary } from "./unary.js";
import { WatchPlaces } from "./watch-places.js";
import { whoAmI } from "./who-am-i.js";

/** What answers the calls of a method, from whichever edge they come. */
export type Answerer =
  | { readonly kind: "unary"; answer(call: UnaryCall): void }
  | { readonly kind: "serverStreaming"; answer(call: ServerStreamingCall): void }
  | { readonly kind: "clientStreaming"; answer(call: ClientStreamingCall): void };

/** A generated service, with what answers each of its methods. */
export interface ArchiveService {
  readonly binding: ServiceBinding;
  readonly answerers: Readonly<Record<string, Answerer>>;
}

/** The methods that all edges have, with their kinds as metrics name them. */
export const servedMethods = [...Object.values(bindings), ArchiveServiceDefinition].flatMap(
  ({ fullName, methods }: ServiceBinding) =>
    Object.values(methods).map(({ name, requestStream, responseStream }) => ({
      path: `/${fullName}/${name}`,
      type: requestStream
        ? ("client_stream" as const)
        : responseStream
          ? ("server_stream" as const)
          : ("unary" as const),
    })),
);

/** All services of the archive over a store. */
export function archiveServices(
  store: Store,
  environment: CallEnvironment,
  feed = new ChangeFeed(store),
): readonly ArchiveService[] {
  // The generated code assigns map entries by name: without the accessor, "__proto__" is a name like any other.
  Reflect.deleteProperty(Object.prototype, "__proto__");
  codeStructsDirectly();
  encodeDetailsOnce();
  return [
    ...recordTypes.map((type) => recordService(store, type, environment)),
    crossingService(store, environment, feed),
  ];
}

function recordService(store: Store, type: RecordType, environment: CallEnvironment): ArchiveService {
  const binding = bindings[type.name];
  const handlers: Readonly<Record<string, unknown>> = recordHandlers(store, type);
  const answerers: Record<string, Answerer> = {};
  for (const [field, method] of Object.entries(binding.methods)) {
    // "CreateRun" is the type's "create".
    const verb = method.name.slice(0, -type.name.length).toLowerCase();
    // That requests and handlers fit each other was checked where the services were bound.
    answerers[field] = answerUnary(method, handlers[verb] as Handler<unknown>, environment);
  }
  return { binding, answerers };
}

/** What crosses record types. */
function crossingService(store: Store, environment: CallEnvironment, feed: ChangeFeed): ArchiveService {
  const { methods } = ArchiveServiceDefinition;
  const slots = new StreamSlots(store.maxSnapshots);
  const watched = serverStreaming<WatchRequest>(
    methods.watch,
    (request, context) => watch(feed, request, context, (own) => slots.take(own)),
    environment,
    new WatchPlaces(),
  );
  const streamed = serverStreaming<StreamDescendantsRequest>(
    methods.streamDescendants,
    (request, context) => streamDescendants(store, request, context),
    environment,
    slots,
  );
  const imported = clientStreaming<ImportRequest>(
    methods.import,
    (requests, context, respond) => importRecords(store, requests, context, respond),
    environment,
    // A dry run keeps its transaction open, which keeps all others from writing to SQLite.
    ({ options }) =>
      options?.validate_only ? { atATime: limits.stallOfDryRun, inAll: limits.silenceOfDryRun } : undefined,
  );
  return {
    binding: ArchiveServiceDefinition,
    answerers: {
      streamDescendants: { kind: "serverStreaming", answer: streamed },
      countDescendants: answerUnary<CountDescendantsRequest>(
        methods.countDescendants,
        (request, context) => countDescendants(store.statements(context), request),
        environment,
      ),
      batchWrite: answerUnary<BatchWriteRequest>(
        methods.batchWrite,
        (request, context, respond) => batchWrite(store, request, context, respond),
        environment,
      ),
      watch: { kind: "serverStreaming", answer: watched },
      listChanges: answerUnary<ListChangesRequest>(
        methods.listChanges,
        (request, context) => listChanges(store.changes, request, context),
        environment,
      ),
      import: { kind: "clientStreaming", answer: imported },
      describeHierarchy: answerUnary(methods.describeHierarchy, async () => describeHierarchy(), environment),
      whoAmI: answerUnary(methods.whoAmI, async (_, context) => whoAmI(context), environment),
    },
  };
}

const answerUnary = <Request>(
  method: MethodBinding<Request>,
  handler: Handler<Request>,
  environment: CallEnvironment,
): Answerer => ({ kind: "unary", answer: unary(method, handler, environment) });
