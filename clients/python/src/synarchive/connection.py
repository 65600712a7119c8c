"""The records of who works together on what, and with which data."""
from synarchive.records import Records


class CollaborationRecords(Records):
    subject = "Collaboration"


class ProjectRecords(Records):
    subject = "Project"


class ExperimentRecords(Records):
    subject = "Experiment"


class RunRecords(Records):
    subject = "Run"


class ParticipantRecords(Records):
    subject = "Participant"


class RegistrationRecords(Records):
    subject = "Registration"


class TagRecords(Records):
    subject = "Tag"
