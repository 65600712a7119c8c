import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import type { BidiStreamingCall } from "../service/incoming-call.js";
import type { Answerer } from "../service/services.js";
import { GrpcBidiStreamingCall, GrpcClientStreamingCall, GrpcServerStreamingCall, GrpcUnaryCall } from "./grpc-call.js";

/** What answers a method's calls, as a handler of grpc-js. */
export function handlerOf(answerer: Answerer): UntypedHandleCall {
  switch (answerer.kind) {
    case "unary": {
      const handler: handleUnaryCall<Buffer, Buffer> = (call, callback) =>
        answerer.answer(new GrpcUnaryCall(call, callback));
      return handler;
    }
    case "serverStreaming": {
      const handler: handleServerStreamingCall<Buffer, Buffer> = (call) =>
        answerer.answer(new GrpcServerStreamingCall(call));
      return handler;
    }
    case "clientStreaming": {
      const handler: handleClientStreamingCall<Buffer, Buffer> = (call, callback) =>
        answerer.answer(new GrpcClientStreamingCall(call, callback));
      return handler;
    }
  }
}

/** The same for a stream in both directions, which gRPC alone has. */
export const bidiHandlerOf =
  (answer: (call: BidiStreamingCall) => void): handleBidiStreamingCall<Buffer, Buffer> =>
  (call) =>
    answer(new GrpcBidiStreamingCall(call));
