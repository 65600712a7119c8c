"""The records of what is trained."""
from synarchive.records import Records


class AlignmentRecords(Records):
    subject = "Alignment"


class ModelRecords(Records):
    subject = "Model"
