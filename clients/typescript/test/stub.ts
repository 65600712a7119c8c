import { Server, ServerCredentials, type ServerUnaryCall, type StatusObject, type sendUnaryData } from "@grpc/grpc-js";
import {
  GetProjectResponse,
  ProjectServiceService,
} from "../../../generated/ts/synergos/archive/v1/project_service.js";

/** How a stub answers a call: with a status, or a record. */
export type Answer = (call: ServerUnaryCall<unknown, unknown>) => Partial<StatusObject> | undefined;

/** A gRPC server that answers GetProject as it is told, for what a real archive seldom or never does. */
export async function startStub(
  answer: Answer,
  credentials = ServerCredentials.createInsecure(),
): Promise<{ readonly address: string; stop(): void }> {
  const server = new Server();
  const { getProject } = ProjectServiceService;
  server.addService(
    { getProject },
    {
      getProject(call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<GetProjectResponse>) {
        callback(answer(call) ?? null, GetProjectResponse.fromPartial({ record: { etag: "stub" } }));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}
