"""The records of how models score."""
from synarchive.base import AssociationRecords, TopicalRecords
from synarchive.config import SCHEMAS as schemas
from synarchive.record_classes import records_of

__all__ = [
    "AssociationRecords",
    "MLFRecords",
    "PredictionRecords",
    "TopicalRecords",
    "ValidationRecords",
    "schemas",
]

#: As ever: the participant first.
_IDS = ("participant_id", "collab_id", "project_id", "expt_id", "run_id")


@records_of("MLFlow")
class MLFRecords(TopicalRecords):
    """Which names stand for which ids in an MLflow server."""


@records_of("Validation", ids=_IDS)
class ValidationRecords(AssociationRecords):
    """How the models of runs score on participants' data for evaluation."""


@records_of("Prediction", ids=_IDS)
class PredictionRecords(AssociationRecords):
    """How the models of runs score on participants' data for prediction."""
