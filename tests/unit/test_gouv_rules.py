from __future__ import annotations

from dataclasses import fields

from adapters.data_gouv_fr.tables import PRIVATE, TABLES
from gateway.model.mapping import Clock


def test_every_instant_says_whose_clock_it_is_of() -> None:
    for table in TABLES.values():
        instants = {field.name for field in fields(table.entity) if "datetime" in str(field.type)}
        for rule in table.rules:
            assert (rule.clock is Clock.ZONED) is (rule.field in instants), rule.field


def test_every_rule_can_be_told_in_words() -> None:
    for table in TABLES.values():
        for rule in table.rules:
            assert rule.note or rule.read.__doc__, (table.entity, rule.field)


def test_e_mails_are_private_in_every_table() -> None:
    for table in TABLES.values():
        assert table.private == PRIVATE == {"email"}
