import TransportStream from "winston-transport";
import { connectByDatagrams, connectByStream } from "./gelf-connections.js";
import { gelfMessage } from "./gelf-message.js";
import { GelfSender } from "./gelf-sender.js";
import type { LogTarget } from "./log-target.js";

/** A transport of winston that sends lines to a Graylog, and waits for nothing. */
export class GelfTransport extends TransportStream {
  readonly sender: GelfSender;

  /** `logger` is what Graylog's streams know this process by. */
  constructor(
    target: LogTarget,
    private readonly logger: string,
  ) {
    super();
    const connect = target.kind === "udp" ? connectByDatagrams : connectByStream;
    this.sender = new GelfSender((signal) => connect(target, signal));
  }

  override log(entry: Record<string, unknown>, next: () => void): void {
    this.sender.add(gelfMessage(entry, this.logger));
    next();
  }
}
