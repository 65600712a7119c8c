import cluster, { type Worker } from "node:cluster";
import { addUp } from "../telemetry/add-up.js";
import type { Report } from "../telemetry/metrics.js";
import { ownReport } from "../telemetry/own-report.js";

/** How long a process may take to say what it has measured, in milliseconds: others do not wait longer for it. */
const patience = 2000;

export interface MetricsText {
  readonly text: string;
  readonly contentType: string;
}

/** How a process comes by the metrics of all. */
export interface MetricsExchange {
  /** From now on others can ask for the metrics of this process. */
  offer(report: () => Promise<Report>): void;
  /** The metrics of all processes. */
  gather(): Promise<MetricsText>;
}

/** What processes say to each other of metrics. */
type Message =
  | { readonly metrics: "askAll"; readonly id: number }
  | ({ readonly metrics: "all"; readonly id: number } & MetricsText)
  | { readonly metrics: "askOne"; readonly id: number }
  | { readonly metrics: "one"; readonly id: number; readonly report: Report };

const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && "metrics" in value && "id" in value;

/** A process that serves alone. */
export function aloneExchange(): MetricsExchange {
  let own = async (): Promise<Report> => [];
  return {
    offer(report) {
      own = report;
    },
    gather: async () => addUp([await own()]),
  };
}

/** A worker: the first process knows the others. */
export function workerExchange(): MetricsExchange {
  const waiting = new Map<number, (text: MetricsText) => void>();
  let own = async (): Promise<Report> => [];
  let ids = 0;
  process.on("message", (message: unknown) => {
    if (!isMessage(message)) return;
    if (message.metrics === "all") waiting.get(message.id)?.(message);
    if (message.metrics === "askOne") {
      void own().then((report) => tell({ metrics: "one", id: message.id, report }));
    }
  });
  const tell = (message: Message) => process.send?.(message, undefined, {}, () => undefined);
  return {
    offer(report) {
      own = report;
    },
    gather() {
      const id = ++ids;
      return new Promise((resolve, reject) => {
        const done = (settle: () => void) => {
          clearTimeout(timer);
          waiting.delete(id);
          settle();
        };
        const timer = setTimeout(
          () => done(() => reject(new Error("the first process does not answer"))),
          2 * patience,
        );
        waiting.set(id, ({ text, contentType }) => done(() => resolve({ text, contentType })));
        tell({ metrics: "askAll", id });
      });
    },
  };
}

/** The first process of several: it answers workers that ask for the metrics of all, its own among them. */
export function answerWorkers(): void {
  const waiting = new Map<number, (report: Report) => void>();
  let ids = 0;
  const ask = (worker: Worker) =>
    new Promise<Report | undefined>((resolve) => {
      const id = ++ids;
      const done = (report?: Report) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(report);
      };
      // One that is busy or about to end is left out.
      const timer = setTimeout(done, patience);
      waiting.set(id, done);
      send(worker, { metrics: "askOne", id });
    });
  cluster.on("message", (asking: Worker, message: unknown) => {
    if (!isMessage(message)) return;
    if (message.metrics === "one") waiting.get(message.id)?.(message.report);
    if (message.metrics !== "askAll") return;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected());
    void Promise.all([ownReport(), ...workers.map((worker) => worker && ask(worker))])
      .then((reports) => addUp(reports.filter((report) => report !== undefined)))
      .then((text) => send(asking, { metrics: "all", id: message.id, ...text }));
  });
}

const send = (worker: Worker, message: Message) => void worker.process.send?.(message, undefined, {}, () => undefined);
