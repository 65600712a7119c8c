"""The records of what is trained."""
from synarchive.base import AssociationRecords
from synarchive.config import SCHEMAS as schemas
from synarchive.record_classes import records_of

__all__ = ["AlignmentRecords", "AssociationRecords", "ModelRecords", "schemas"]


@records_of("Alignment")
class AlignmentRecords(AssociationRecords):
    """How the features of participants are aligned in projects."""


@records_of("Model")
class ModelRecords(AssociationRecords):
    """Where the trained models of runs lie."""
