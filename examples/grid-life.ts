/**
 * Plays the life of a grid, from its collaboration to its predictions, on an archive that runs:
 *
 *   npx tsx examples/grid-life.ts [host:port]
 *
 * It clears up behind itself, and before itself too should an earlier one have been interrupted.
 */
import {
  type CallOptions,
  ChannelCredentials,
  type Client,
  type ClientUnaryCall,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ErrorInfo } from "../generated/ts/google/rpc/error_details.js";
import { Status } from "../generated/ts/google/rpc/status.js";
import * as alignment from "../generated/ts/synergos/archive/v1/alignment_service.js";
import * as archive from "../generated/ts/synergos/archive/v1/archive_service.js";
import * as collaboration from "../generated/ts/synergos/archive/v1/collaboration_service.js";
import * as experiment from "../generated/ts/synergos/archive/v1/experiment_service.js";
import { MlflowType } from "../generated/ts/synergos/archive/v1/mlflow.js";
import * as mlflow from "../generated/ts/synergos/archive/v1/mlflow_service.js";
import * as model from "../generated/ts/synergos/archive/v1/model_service.js";
import { Cascade } from "../generated/ts/synergos/archive/v1/options.js";
import * as participant from "../generated/ts/synergos/archive/v1/participant_service.js";
import * as prediction from "../generated/ts/synergos/archive/v1/prediction_service.js";
import { Action } from "../generated/ts/synergos/archive/v1/project.js";
import * as project from "../generated/ts/synergos/archive/v1/project_service.js";
import { type RecordCount, RecordType } from "../generated/ts/synergos/archive/v1/record_type.js";
import type { Relations } from "../generated/ts/synergos/archive/v1/records.js";
import { Role } from "../generated/ts/synergos/archive/v1/registration.js";
import * as registration from "../generated/ts/synergos/archive/v1/registration_service.js";
import { CycleMode, Reduction } from "../generated/ts/synergos/archive/v1/run.js";
import * as run from "../generated/ts/synergos/archive/v1/run_service.js";
import * as tag from "../generated/ts/synergos/archive/v1/tag_service.js";
import * as validation from "../generated/ts/synergos/archive/v1/validation_service.js";

// Clients of one address share a connection. grpc-js takes answers of up to 4 MiB unless told otherwise; one record can
// have nearly that, and the server sends up to 64 MiB.
const to = [
  process.argv[2] ?? "127.0.0.1:50051",
  ChannelCredentials.createInsecure(),
  { "grpc.max_receive_message_length": 64 * 2 ** 20 },
] as const;
const collaborations = new collaboration.CollaborationServiceClient(...to);
const projects = new project.ProjectServiceClient(...to);
const experiments = new experiment.ExperimentServiceClient(...to);
const runs = new run.RunServiceClient(...to);
const participants = new participant.ParticipantServiceClient(...to);
const registrations = new registration.RegistrationServiceClient(...to);
const tags = new tag.TagServiceClient(...to);
const alignments = new alignment.AlignmentServiceClient(...to);
const models = new model.ModelServiceClient(...to);
const validations = new validation.ValidationServiceClient(...to);
const predictions = new prediction.PredictionServiceClient(...to);
const entries = new mlflow.MLFlowServiceClient(...to);
const everything = new archive.ArchiveServiceClient(...to);

/** Calls a method with a deadline of ten seconds. */
const call = <Request, Response>(
  client: Client,
  method: (
    request: Request,
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response: Response) => void,
  ) => ClientUnaryCall,
  request: NoInfer<Request>,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    method.call(client, request, new Metadata(), { deadline: Date.now() + 10_000 }, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });

/** What an error says to people, and to programs: its code and the reason in its details. */
function said(error: ServiceError): string {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const info = Status.decode(bytes as Buffer).details.find(({ type_url }) => type_url.endsWith(ErrorInfo.$type));
  return `${status[error.code]}, ${info && ErrorInfo.decode(info.value).reason}: ${error.details}`;
}

const text = (key: object | undefined) => Object.values(key ?? {}).join("/");
const say = (what: string, ...more: unknown[]) => console.log(what.padEnd(14), ...more);
const typeName = (type: RecordType) => RecordType[type].replace("RECORD_TYPE_", "").toLowerCase();
const counts = (deleted: readonly RecordCount[]) =>
  deleted.map(({ record_type, count }) => `${count} ${typeName(record_type)}`).join(", ") || "nothing";
const related = (relations: Relations | undefined) =>
  Object.entries(relations ?? {}).flatMap(([name, { length }]) => (length > 0 ? `${length} ${name}` : []));

const collab_id = "grid-life";
const inProject = { collab_id, project_id: "abalone" };
const inExperiment = { ...inProject, expt_id: "linear" };
const inRun = { ...inExperiment, run_id: "fedprox_1" };
const workers = ["grid-life/worker_1", "grid-life/worker_2"];
const entryKey = {
  collaboration: collab_id,
  project: "abalone",
  record: "linear",
  name: "grid-life_>_abalone_>_linear",
};

/** Deletes all that this program makes. What is at the top goes by itself, and takes everything downstream along. */
async function clearUp() {
  const request = { key: { collab_id }, allow_missing: true };
  const { deleted } = await call(
    collaborations,
    collaborations.deleteCollaboration,
    collaboration.DeleteCollaborationRequest.create(request),
  );
  const of = (key: object) => ({ key, allow_missing: true });
  const operations = [
    ...workers.map((participant_id) => of({ key: { $case: "participant" as const, value: { participant_id } } })),
    of({ key: { $case: "mlflow" as const, value: entryKey } }),
  ].map((value) => ({ operation: { $case: "delete" as const, value } }));
  const { results } = await call(everything, everything.batchWrite, archive.BatchWriteRequest.create({ operations }));
  return [...deleted, ...results.flatMap((result) => result.deleted)];
}

async function play() {
  await clearUp();

  console.log("\nThe grid comes together.");
  const logs = { host: "172.20.0.14", ports: { main: 9000, ui: 9000, ttp: 9300, worker: 9400 }, secure: false };
  const { record: founded } = await call(
    collaborations,
    collaborations.createCollaboration,
    collaboration.CreateCollaborationRequest.create({
      key: { collab_id },
      // What no typed field names goes into attributes, and comes back.
      details: { logs, mq: { host: "172.20.0.16", ports: { main: 5672 } }, attributes: { region: "eu" } },
    }),
  );
  say("created", text(founded?.key), `record_id ${founded?.record_id}, etag ${founded?.etag}`);

  for (const participant_id of workers) {
    // Create or replace: it is the same to a component whether it was here before.
    await call(
      participants,
      participants.updateParticipant,
      participant.UpdateParticipantRequest.create({
        key: { participant_id },
        details: { category: ["health"], summary: "A hospital", email: "a@example.org" },
        allow_missing: true,
      }),
    );
    say("wrote", participant_id);
  }

  const early = run.CreateRunRequest.create({ key: inRun, details: { rounds: 2n } });
  await call(runs, runs.createRun, early).catch((error: ServiceError) => say("refused", said(error)));

  await call(
    projects,
    projects.createProject,
    project.CreateProjectRequest.create({
      key: inProject,
      details: { action: Action.ACTION_REGRESS, incentives: { tier_1: [], tier_2: [] } },
    }),
  );
  say("created", text(inProject));

  console.log("\nEach participant registers, tags its data and is aligned.");
  for (const [index, participant_id] of workers.entries()) {
    const key = { ...inProject, participant_id };
    const node_0 = { host: `172.20.0.${index + 4}`, port: 8020, f_port: 5000, log_msgs: true, verbose: true };
    const role = index === 0 ? Role.ROLE_HOST : Role.ROLE_GUEST;
    const registering = { key, details: { role, n_count: 1n, nodes: { node_0 } } };
    await call(
      registrations,
      registrations.createRegistration,
      registration.CreateRegistrationRequest.create(registering),
    );
    const tokens = (meta: string) => ({ tags: [{ tokens: ["abalone", "dataset", `data${index + 1}`, meta] }] });
    // An empty list is not an absent one: there are no data to predict, and that is known.
    const tagging = { key, details: { train: tokens("train"), evaluate: tokens("evaluate"), predict: { tags: [] } } };
    await call(tags, tags.createTag, tag.CreateTagRequest.create(tagging));
    const { record } = await call(
      alignments,
      alignments.createAlignment,
      alignment.CreateAlignmentRequest.create({ key, details: { train: { X: [0n, 2n, 4n] }, evaluate: {} } }),
    );
    say("registered", participant_id, "alignment_id", record?.link?.alignment_id);
  }

  console.log("\nAn experiment is set up and run.");
  const structure = { bias: true, in_features: 28, out_features: 1 };
  const linear = { model: [{ is_input: true, l_type: "Linear", structure, activation: "" }] };
  await call(
    experiments,
    experiments.createExperiment,
    experiment.CreateExperimentRequest.create({ key: inExperiment, details: linear }),
  );
  say("created", text(inExperiment));
  const { record: planned } = await call(
    runs,
    runs.createRun,
    run.CreateRunRequest.create({
      key: inRun,
      details: {
        algorithm: "FedProx",
        rounds: 2n,
        epochs: 1n,
        lr: 0.001,
        mu: 0.1,
        last_epoch: -1n,
        reduction: Reduction.REDUCTION_MEAN,
        mode: CycleMode.CYCLE_MODE_TRIANGULAR2,
        attributes: { betas: [0.9, 0.999] },
      },
    }),
  );
  say("created", text(inRun));

  const { record: changed } = await call(
    runs,
    runs.updateRun,
    run.UpdateRunRequest.create({
      key: inRun,
      // lr is changed and mu cleared, as the mask names both; all else stays.
      details: { lr: 0.0005 },
      update_mask: ["lr", "mu"],
      etag: planned?.etag ?? "",
    }),
  );
  const { lr, mu, rounds } = changed?.details ?? {};
  say("updated", { lr, mu, rounds });
  const late = run.UpdateRunRequest.create({ key: inRun, details: { lr: 1 }, etag: planned?.etag ?? "" });
  await call(runs, runs.updateRun, late).catch((error: ServiceError) => say("refused", said(error)));

  const name = { mlflow_type: MlflowType.MLFLOW_TYPE_EXPERIMENT, mlflow_id: "1", mlflow_uri: "/mlflow" };
  await call(entries, entries.createMlFlow, mlflow.CreateMLFlowRequest.create({ key: entryKey, details: name }));
  say("created", entryKey.name);

  console.log("\nA model is trained, validated and used.");
  const path = (file: string) => `/orchestrator/outputs/${text(inRun)}/${file}`;
  const epoch_0 = { path: path("round_0/epoch_0/global_model.pt") };
  await call(
    models,
    models.createModel,
    model.CreateModelRequest.create({
      key: inRun,
      details: {
        global: {
          origin: "ttp",
          path: path("global_model.pt"),
          checkpoints: { round_0: { epochs: { epoch_0 } } },
        },
        locals: Object.fromEntries(workers.map((origin, index) => [`local_${index + 1}`, { origin }])),
      },
    }),
  );
  say("created", "the model");
  for (const participant_id of workers) {
    const key = { ...inRun, participant_id };
    const scalar = (value: number) => ({ value: { $case: "scalar" as const, value } });
    const statistics = {
      R2: scalar(0.4),
      // One class had no positives: its score is no number, and stays that.
      pr_auc_score: { value: { $case: "scalars" as const, value: { values: [Number.NaN, 0.17] } } },
      TPs: { value: { $case: "counts" as const, value: { values: [0n, 22n] } } },
    };
    const scored = { key, details: { results: { evaluate: { statistics, res_path: "/worker/e.json" } } } };
    const { record } = await call(
      validations,
      validations.createValidation,
      validation.CreateValidationRequest.create(scored),
    );
    const predicted = { key, details: { results: { predict: { res_path: "/worker/p.json" } } } };
    await call(predictions, predictions.createPrediction, prediction.CreatePredictionRequest.create(predicted));
    say("scored", participant_id, record?.details?.results.evaluate?.statistics.pr_auc_score?.value?.value);
  }

  console.log("\nReaders see it all.");
  const { record: whole } = await call(runs, runs.getRun, run.GetRunRequest.create({ key: inRun }));
  const above = Object.entries(whole?.ancestors ?? {}).flatMap(([name, ancestor]) => (ancestor ? name : []));
  say("a run has", `${related(whole?.relations).join(", ")} below; ${above.join(", ")} above`);
  const narrow = { key: { collab_id }, relation_types: [RecordType.RECORD_TYPE_PROJECT, RecordType.RECORD_TYPE_TAG] };
  const { record: asked } = await call(
    collaborations,
    collaborations.getCollaboration,
    collaboration.GetCollaborationRequest.create(narrow),
  );
  say("asked for two", related(asked?.relations).join(", "));
  const filter = { participant_id: workers[1], id_prefix: "grid-life/" };
  const { records, total_size } = await call(
    registrations,
    registrations.listRegistration,
    registration.ListRegistrationRequest.create({ filter, page_size: 10, with_total: true }),
  );
  say("listed", `${total_size} registrations of ${workers[1]}:`, text(records[0]?.key));
  const under = { key: { key: { $case: "collaboration" as const, value: { collab_id } } } };
  const stream = everything.streamDescendants(archive.StreamDescendantsRequest.create(under));
  const streamed: string[] = [];
  for await (const { records } of stream as AsyncIterable<archive.StreamDescendantsResponse>) {
    for (const { record } of records) if (record) streamed.push(record.$case);
  }
  say("streamed", streamed.join(" "));

  console.log("\nWhat goes takes along what is downstream of it, and nothing else.");
  const restrict = { key: inProject, cascade: Cascade.CASCADE_RESTRICT };
  await call(projects, projects.deleteProject, project.DeleteProjectRequest.create(restrict)).catch(
    (error: ServiceError) => say("refused", said(error)),
  );
  const firstOne = { key: { ...inProject, participant_id: workers[0] ?? "" } };
  const { deleted: left } = await call(
    registrations,
    registrations.deleteRegistration,
    registration.DeleteRegistrationRequest.create(firstOne),
  );
  say("deleted", counts(left));
  const { deleted: dropped } = await call(models, models.deleteModel, model.DeleteModelRequest.create({ key: inRun }));
  say("deleted", counts(dropped));
  const { deleted: would } = await call(
    projects,
    projects.deleteProject,
    project.DeleteProjectRequest.create({ key: inProject, validate_only: true }),
  );
  say("would go", counts(would));
  say("deleted", counts(await clearUp()));
}

try {
  await play();
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
