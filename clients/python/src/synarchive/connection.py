"""The records of who works together on what, and with which data."""
from synarchive.base import AssociationRecords, TopicalRecords
from synarchive.config import SCHEMAS as schemas
from synarchive.record_classes import records_of

__all__ = [
    "AssociationRecords",
    "CollaborationRecords",
    "ExperimentRecords",
    "ParticipantRecords",
    "ProjectRecords",
    "RegistrationRecords",
    "RunRecords",
    "TagRecords",
    "TopicalRecords",
    "schemas",
]


@records_of("Collaboration")
class CollaborationRecords(TopicalRecords):
    """The collaborations of the grid."""


@records_of("Project")
class ProjectRecords(TopicalRecords):
    """The projects of collaborations."""


@records_of("Experiment")
class ExperimentRecords(TopicalRecords):
    """The experiments of projects: structures of models."""


@records_of("Run")
class RunRecords(TopicalRecords):
    """The runs of experiments: hyperparameters."""


@records_of("Participant")
class ParticipantRecords(TopicalRecords):
    """The organisations of the grid."""


@records_of("Registration")
class RegistrationRecords(AssociationRecords):
    """The registrations of participants for projects. A read shows collaboration, project and participant too."""


@records_of("Tag")
class TagRecords(AssociationRecords):
    """The tags of the data with which participants take part in projects."""
