"""The records of how models score."""
from synarchive.records import Records

#: As ever: the participant first.
_IDS = ("participant_id", "collab_id", "project_id", "expt_id", "run_id")


class ValidationRecords(Records):
    subject = "Validation"
    ids = _IDS


class PredictionRecords(Records):
    subject = "Prediction"
    ids = _IDS


class MLFRecords(Records):
    subject = "MLFlow"
