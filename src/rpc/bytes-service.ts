import type { ServiceDefinition } from "@grpc/grpc-js";
import type { ServiceBinding } from "../service/service-binding.js";

/** The definition of a service whose requests and responses are bytes to grpc-js: they are coded in the handlers. */
export const bytesService = ({ fullName, methods }: ServiceBinding): ServiceDefinition =>
  Object.fromEntries(
    Object.entries(methods).map(([field, { name, requestStream, responseStream }]) => [
      field,
      {
        path: `/${fullName}/${name}`,
        requestStream,
        responseStream,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    ]),
  );

const asIs = (bytes: Buffer) => bytes;
