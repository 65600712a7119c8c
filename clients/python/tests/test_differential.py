"""Random operations on the drop-in, beside a model of how the predecessor's records behaved."""
import copy
import datetime
import itertools
import json
import math
import pickle
import random

import pytest
from conftest import CLASSES, LEAST, payloads, same
from test_drop_in import LINKS, RELATIONS

from synarchive import Document, ParentNotFoundError, ValidationError

SEEDS = (1, 2, 3)
STEPS = 250

PARENTS = {
    "Project": ["Collaboration"],
    "Experiment": ["Project"],
    "Run": ["Experiment"],
    "Registration": ["Project", "Participant"],
    "Tag": ["Registration"],
    "Alignment": ["Tag"],
    "Model": ["Run"],
    "Validation": ["Run", "Participant"],
    "Prediction": ["Run", "Participant"],
}
IDS = {cls.subject: cls.ids for cls in CLASSES}
ID_VALUES = {
    name: ["%s_%d" % (name[0], number) for number in (2, 10, 1)]
    for name in ("collab_id", "project_id", "expt_id", "run_id", "participant_id")
}
ID_VALUES.update(collaboration=["c", "é"], project=["p"], record=["e", "e/f"], name=["n", "N", "a_>_b"])
IMPOSSIBLE = ["", " x", "x" * 129, None, 7, "\ud800", []]

#: What a new payload may not hold, by subject: written down here, not taken from the drop-in.
TYPES = {
    "Collaboration": {"logs": dict, "mq": dict, "collab_id": str},
    "Project": {"incentives": dict, "universe_alignment": list, "action": str},
    "Experiment": {"model": list},
    "Run": {"epochs": int, "rounds": int, "lr": float, "mu": float, "is_snn": bool, "optimizer": str, "mode": str},
    "Participant": {"category": (list, type(None)), "summary": (str, type(None)), "socials": (dict, type(None))},
    "Registration": {"role": str, "n_count": int, "node_0": dict},
    "Tag": {"train": list, "evaluate": list, "model": list},
    "Alignment": {"train": dict, "evaluate": dict},
    "Model": {"global": dict, "local_1": dict},
    "Validation": {"train": dict, "evaluate": dict},
    "Prediction": {"predict": dict},
    "MLFlow": {"mlflow_id": str, "mlflow_type": str},
}
REQUIRED = {
    "Project": ["incentives"],
    "Experiment": ["model"],
    "Participant": ["id"],
    "Registration": ["role", "n_count", "node_0"],
    "Tag": ["train"],
    "Alignment": ["train"],
    "Model": ["global"],
    "MLFlow": ["collaboration", "project", "record", "name", "mlflow_type", "mlflow_id", "mlflow_uri"],
}
CLOSED = ("Registration", "Model")


class Model:
    """All records in dicts, by their keys; as the predecessor kept them, but for what the contract does better."""

    def __init__(self):
        self.records = {subject: {} for subject in IDS}

    def key(self, subject, ids):
        return tuple(sorted(ids.items()))

    def found(self, subject, ids):
        return self.records[subject].get(self.key(subject, ids)) if is_possible(ids) else None

    def create(self, subject, ids, details):
        if not is_possible(ids) or not is_valid(subject, ids, details):
            return ValidationError
        if any(not self.found(parent, {name: ids[name] for name in IDS[parent]}) for parent in PARENTS.get(subject, ())):
            return ParentNotFoundError
        key = self.key(subject, ids)
        self.records[subject][key] = {"key": dict(ids), **self.merged({}, details)}
        return self.records[subject][key]

    def update(self, subject, ids, updates):
        found = self.found(subject, ids)
        if found is not None:
            found.update(self.merged(found, updates))
        return found

    def merged(self, record, details):
        kept = {name: value for name, value in details.items() if name not in ("key", "created_at", "relations", "link")}
        return json.loads(json.dumps(kept))  # Names become text, tuples lists.

    def delete(self, subject, ids):
        found = self.found(subject, ids)
        if found is not None:
            for each, records in self.downstream(subject, ids):
                for record in records:
                    del self.records[each][self.key(each, record["key"])]
            del self.records[subject][self.key(subject, ids)]
        return found

    def downstream(self, subject, ids):
        """What is below a record, in the order of creation: a dict keeps it, and replacing moves nothing."""
        own = ids if subject != "Model" else {name: ids[name] for name in IDS["Run"]}
        for each in RELATIONS[subject].split():
            records = [record for record in self.records[each].values() if own.items() <= record["key"].items()]
            yield each, records

    def read_all(self, subject, filter):
        """The records that have all of the filter in their key, or in their own fields."""
        return [
            record
            for record in self.records[subject].values()
            if any(all(is_in(fields, item) for item in filter.items()) for fields in (record["key"], record))
        ]


def is_in(fields, item):
    return item[0] in fields and same(fields[item[0]], item[1])


def is_possible(ids):
    return not any(any(value is bad or value == bad for bad in IMPOSSIBLE) for value in ids.values())


def is_valid(subject, ids, details):
    if not isinstance(details, dict) or any(name not in details for name in REQUIRED.get(subject, ())):
        return False
    sets = [details[name] for name in ("train", "evaluate") if name in details] if subject == "Alignment" else []
    if any(not {"X", "y"} <= set(each or "") for each in sets):
        return False
    if subject == "Participant" and details["id"] != ids["participant_id"]:
        return False
    if subject == "MLFlow" and any(details[name] != ids[name] for name in IDS[subject]):
        return False
    return all(is_of(details[name], kind) for name, kind in TYPES[subject].items() if name in details)


def is_of(value, kind):
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return type(value) is int
    return isinstance(value, kind)


class Chance:
    """Draws of what programs do, right and wrong."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.payloads = payloads()

    def ids(self, subject):
        ids = {name: self.random.choice(ID_VALUES[name]) for name in IDS[subject]}
        if self.random.random() < 0.05:
            ids[self.random.choice(list(ids))] = self.random.choice(IMPOSSIBLE)
        return ids

    def details(self, subject, ids):
        details = copy.deepcopy(self.random.choice([*self.payloads[subject], LEAST[subject]]))
        if subject == "Participant":
            details["id"] = ids["participant_id"]
        elif subject == "MLFlow":
            details.update(ids)
        elif subject not in CLOSED and self.random.random() < 0.5:
            details.update(self.extra())
        chance = self.random.random()
        if chance < 0.1:
            details[self.random.choice(list(TYPES[subject]))] = self.random.choice([None, [], {}])
        elif chance < 0.15 and details:
            del details[self.random.choice(list(details))]
        elif chance < 0.2:
            return self.random.choice([None, [], "", 0])
        return details

    def extra(self):
        names = self.random.sample(["b", "a", "extra", "été", "a.b", "10", "9"], 3)
        return {name: self.value(3) for name in names}

    def value(self, depth):
        leaves = [None, True, False, 0, 1, -5, 2**53, 0.5, 2.0, -0.0, 1e300, "", "日本", "2021-01-01 00:00:00", [], {}]
        if depth and self.random.random() < 0.4:
            if self.random.random() < 0.5:
                return [self.value(depth - 1) for _ in range(3)]
            return {name: self.value(depth - 1) for name in self.random.sample("zyxwv", 3)}
        return self.random.choice(leaves)

    def updates(self, subject):
        if subject in CLOSED or self.random.random() < 0.3:
            whole = copy.deepcopy(self.random.choice(self.payloads[subject]))
            some = {name: value for name, value in whole.items() if self.random.random() < 0.5}
            return {name: value for name, value in some.items() if name not in ("id", *IDS["MLFlow"])}
        if subject == "Run" and self.random.random() < 0.5:
            return {"lr": self.random.choice([None, 1, 1.0, 0.1, math.inf]), "epochs": self.random.choice([None, 3, []])}
        return {} if subject == "MLFlow" else self.extra()


def check(document, expected, subject):
    """A document has what the model has, types and all, and beside it just what a record has."""
    assert type(document) is Document and isinstance(document.doc_id, int)
    assert type(document["created_at"]) is datetime.datetime
    assert set(document.get("link", ())) == LINKS.get(subject, set())
    beside = {"created_at", "relations", *(["link"] if subject in LINKS else [])}
    beside |= {"collaboration", "project", "participant"} if subject == "Registration" else set()
    own = {name: value for name, value in document.items() if name not in beside}
    assert same(own, expected)
    assert list(document["key"]) == sorted(document["key"], key=KEY_ORDER.index)


#: The orders of the predecessor.
SUBJECT_ORDER = "Project Experiment Run Registration Tag Alignment Model Validation Prediction".split()
KEY_ORDER = ["collab_id", "project_id", "expt_id", "run_id", "participant_id", "collaboration", "project", "record", "name"]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_operations(grid, seed):
    model, chance = Model(), Chance(seed)
    numbers = {}
    for step in range(STEPS):
        subject = chance.random.choice(list(IDS)) if step > 20 else list(IDS)[step % len(IDS)]
        records, ids = grid[subject], chance.ids(subject)
        if chance.random.random() < 0.1:
            records = grid[subject] = pickle.loads(pickle.dumps(records)) if step % 2 else copy.deepcopy(records)
        act = chance.random.choice(["create"] * 5 + ["read", "read", "update", "update", "read_all", "delete"])
        if act == "create":
            details = chance.details(subject, ids)
            given = copy.deepcopy(details)
            expected = model.create(subject, ids, details)
            if isinstance(expected, type):
                with pytest.raises(expected):
                    records.create(**ids, details=details)
            else:
                created = records.create(*ids.values(), details)
                check(created, expected, subject)
                key = (subject, model.key(subject, ids))
                assert numbers.setdefault(key, created.doc_id) == created.doc_id
            assert same(details, given)
        elif act == "read_all":
            filter = read_filter(chance, model, subject)
            found = records.read_all(filter=filter)
            expected = model.read_all(subject, filter)
            assert len(found) == len(expected)
            for document, each in zip(found, expected):
                check_whole(model, subject, document, each)
        elif act == "update":
            updates = chance.updates(subject)
            expected = model.update(subject, ids, updates)
            updated = records.update(**ids, updates=updates)
            if expected is None:
                assert updated is None
            else:
                check(updated, expected, subject)
        else:
            expected = copy.deepcopy(model.found(subject, ids))
            relations = dict(model.downstream(subject, ids)) if expected else {}
            document = getattr(records, act)(**ids)
            if expected is None:
                assert document is None
            else:
                check_whole(model, subject, document, expected, relations)
            if act == "delete":
                model.delete(subject, ids)
                gone = itertools.chain([(subject, [expected] if expected else [])], relations.items())
                for each, deleted in gone:
                    for record in deleted:
                        numbers.pop((each, model.key(each, record["key"])), None)
    for subject, records in grid.items():
        found = records.read_all()
        assert len(found) == len(model.records[subject])
        for document, expected in zip(found, model.records[subject].values()):
            check_whole(model, subject, document, expected)


def read_filter(chance, model, subject):
    ids = chance.ids(subject)
    filter = {name: value for name, value in ids.items() if chance.random.random() < 0.3}
    some = list(model.records[subject].values())
    if not filter and some:
        record = chance.random.choice(some)
        own = [name for name in record if name != "key" and name not in IDS[subject]]
        filter = {name: copy.deepcopy(record[name]) for name in own[:2] if not has_nan(record[name])}
    return filter


def has_nan(value):
    return "NaN" in json.dumps(value)


def check_whole(model, subject, document, expected, relations=None):
    check(document, expected, subject)
    relations = dict(model.downstream(subject, expected["key"])) if relations is None else relations
    assert list(document["relations"]) == sorted(RELATIONS[subject].split(), key=SUBJECT_ORDER.index)
    for name, records in relations.items():
        assert len(document["relations"][name]) == len(records)
        for relation, each in zip(document["relations"][name], records):
            check(relation, each, name)
            assert "relations" not in relation
