import { defineHierarchy } from "./define-hierarchy.js";

/**
 * The twelve record types, parents before children. Everything else that the archive knows of them (relations,
 * cascades, tables, foreign keys, filters, services, the tests' loops) is derived from this table.
 */
export const hierarchy = defineHierarchy({
  Collaboration: { number: 1, key: ["collab_id"], parents: [] },
  Project: { number: 2, key: ["collab_id", "project_id"], parents: ["Collaboration"] },
  Experiment: { number: 3, key: ["collab_id", "project_id", "expt_id"], parents: ["Project"] },
  Run: { number: 4, key: ["collab_id", "project_id", "expt_id", "run_id"], parents: ["Experiment"] },
  Participant: { number: 8, key: ["participant_id"], parents: [] },
  Registration: {
    number: 9,
    key: ["collab_id", "project_id", "participant_id"],
    parents: ["Project", "Participant"],
    link: "registration_id",
  },
  Tag: {
    number: 10,
    key: ["collab_id", "project_id", "participant_id"],
    parents: ["Registration"],
    link: "tag_id",
  },
  Alignment: {
    number: 11,
    key: ["collab_id", "project_id", "participant_id"],
    parents: ["Tag"],
    link: "alignment_id",
  },
  // A model's scores go with it, but need no model to exist: they are written for runs without one, and by
  // components that race the one that writes it.
  Model: {
    number: 5,
    key: ["collab_id", "project_id", "expt_id", "run_id"],
    parents: ["Run"],
    takesAlong: ["Validation", "Prediction"],
    link: "model_id",
  },
  Validation: {
    number: 6,
    key: ["collab_id", "project_id", "expt_id", "run_id", "participant_id"],
    parents: ["Run", "Participant"],
    link: "val_id",
  },
  Prediction: {
    number: 7,
    key: ["collab_id", "project_id", "expt_id", "run_id", "participant_id"],
    parents: ["Run", "Participant"],
    link: "pred_id",
  },
  // Names known to an external MLflow server, which never forgets one: these outlive everything else.
  MLFlow: { number: 12, key: ["collaboration", "project", "record", "name"], parents: [] },
});

/** The name of a record type, as in the contract: "Collaboration", "Run", … */
export type RecordName = keyof typeof hierarchy;

/** The key of a record: its ids by name, such as { collab_id: "c", project_id: "p" }. */
export type RecordKey<Name extends RecordName = RecordName> = {
  [Field in (typeof hierarchy)[Name]["key"][number]]: string;
};
