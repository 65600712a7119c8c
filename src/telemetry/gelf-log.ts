import { connectByDatagrams, connectByStream } from "./gelf-connections.js";
import { gelfMessage } from "./gelf-message.js";
import { GelfSender } from "./gelf-sender.js";
import type { LogTarget } from "./log-target.js";

/** The log as a Graylog has it. It waits for nothing. */
export class GelfLog {
  readonly sender: GelfSender;

  /** `logger` is what Graylog's streams know this process by. */
  constructor(
    target: LogTarget,
    private readonly logger: string,
  ) {
    const connect = target.kind === "udp" ? connectByDatagrams : connectByStream;
    this.sender = new GelfSender((signal) => connect(target, signal));
  }

  add(entry: Readonly<Record<string, unknown>>): void {
    this.sender.add(gelfMessage(entry, this.logger));
  }
}
