from __future__ import annotations

import pytest

from vestibule.ports import Delete, Item, Put, Table, Update

KEY = ("I#1", "#")
EVERYTHING: Item = {
    "pk": "I#1",
    "sk": "#",
    "text": "Grüße \U0001f44b",
    "empty": "",
    "number": -(10**37) + 1,
    "zero": 0,
    "yes": True,
    "no": False,
    "nothing": None,
    "bytes": b"\x00\xff",
    "list": ["a", 1, [b"b", None]],
    "map": {"deep": {"er": [True, {"é": ""}]}},
    "hollow": {"list": [], "map": {}, "bytes": b""},
}


def put(table: Table, *keys: tuple[str, str], **attributes: object) -> None:
    for pk, sk in keys:
        table.write(Put({"pk": pk, "sk": sk, **attributes}))


def test_every_kind_of_value_comes_back_as_it_was(table: Table) -> None:
    assert table.write(Put(EVERYTHING)) == EVERYTHING
    (item,) = table.get([KEY])
    assert item == EVERYTHING
    assert [type(value) for value in item.values()] == [type(item[name]) for name in item]
    assert item["yes"] is True
    assert type(item["zero"]) is int


def test_items_come_in_the_order_asked_for_with_none_for_the_missing(table: Table) -> None:
    put(table, ("a", "1"), ("a", "2"), ("b", "1"))
    found = table.get([("b", "1"), ("x", "1"), ("a", "2"), ("a", "1"), ("b", "1")])
    assert [item and (item["pk"], item["sk"]) for item in found] == [
        ("b", "1"), None, ("a", "2"), ("a", "1"), ("b", "1"),
    ]  # fmt: skip


def test_no_key_is_no_item(table: Table) -> None:
    assert table.get([]) == []


def test_one_missing_item_is_none(table: Table) -> None:
    assert table.get([KEY]) == [None]
    assert table.get([KEY], consistent=False) == [None]


def test_a_hundred_keys_are_read_at_once_and_no_more(table: Table) -> None:
    keys = [("p", f"{number:03}") for number in range(101)]
    put(table, *keys[:3], keys[99])
    found = table.get(keys[:100])
    assert [item["sk"] for item in found if item] == ["000", "001", "002", "099"]
    with pytest.raises(ValueError, match="at most 100 keys"):
        table.get(keys)


def test_a_query_answers_its_partition_in_the_order_of_the_sort_key(table: Table) -> None:
    put(table, ("p", "S#b"), ("p", "S#é"), ("p", "S#a"), ("p", "#"), ("p", "T#a"), ("q", "S#a"))
    assert [item["sk"] for item in table.query("p")] == ["#", "S#a", "S#b", "S#é", "T#a"]
    assert [item["sk"] for item in table.query("p", "S#")] == ["S#a", "S#b", "S#é"]
    assert [item["sk"] for item in table.query("p", "S#", descending=True)] == ["S#é", "S#b", "S#a"]
    assert table.query("p", "U#") == []
    assert table.query("nobody") == []


@pytest.mark.parametrize(("descending", "order"), [(False, "abcdefg"), (True, "gfedcba")])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_a_query_goes_on_behind_a_sort_key(table: Table, descending: bool, order: str, size: int) -> None:
    put(table, *(("p", f"S#{letter}") for letter in "gcaebfd"), ("p", "R#z"), ("p", "T#a"))
    seen: list[str] = []
    after: str | None = None
    while items := table.query("p", "S#", after=after, limit=size, descending=descending):
        assert len(items) <= size
        seen += [item["sk"] for item in items]
        after = seen[-1]
    assert seen == [f"S#{letter}" for letter in order]


@pytest.mark.parametrize(
    ("after", "upwards", "downwards"),
    [
        ("S#", ["S#b", "S#d"], []),
        ("S#a", ["S#b", "S#d"], []),
        ("S#c", ["S#d"], ["S#b"]),
        ("S#x", [], ["S#d", "S#b"]),
        ("A", ["S#b", "S#d"], []),
        ("Z", [], ["S#d", "S#b"]),
        ("", ["S#b", "S#d"], []),
    ],
)
def test_a_query_goes_on_behind_a_sort_key_that_no_item_has(
    table: Table, after: str, upwards: list[str], downwards: list[str]
) -> None:
    put(table, ("p", "S#b"), ("p", "S#d"), ("p", "T#a"), ("p", "A#a"))
    assert [item["sk"] for item in table.query("p", "S#", after=after)] == upwards
    assert [item["sk"] for item in table.query("p", "S#", after=after, descending=True)] == downwards


def test_a_query_reads_all_pages_of_a_large_partition(table: Table) -> None:
    put(table, *(("p", f"{number:02}") for number in range(8)), blob=b"x" * 300_000)  # a page ends at 1 MB
    assert [item["sk"] for item in table.query("p")] == [f"{number:02}" for number in range(8)]
    assert [item["sk"] for item in table.query("p", limit=6)] == [f"{number:02}" for number in range(6)]


def test_an_index_lists_only_items_that_have_both_its_keys(table: Table) -> None:
    table.write(Put({"pk": "I#1", "sk": "#", "g1pk": "IL#1", "g1sk": "1", "name": "x"}))
    table.write(Put({"pk": "I#2", "sk": "#", "g1pk": "IL#1"}))
    table.write(Put({"pk": "I#3", "sk": "#", "g2pk": "IL#1", "g2sk": "3"}))
    assert [(entry.key, entry.sort) for entry in table.page("GSI1", "IL#1", limit=9)] == [(("I#1", "#"), "1")]
    assert [(entry.key, entry.sort) for entry in table.page("GSI2", "IL#1", limit=9)] == [(("I#3", "#"), "3")]


def test_an_item_leaves_an_index_with_its_attribute_and_with_itself(table: Table) -> None:
    for name in "12":
        table.write(Put({"pk": name, "sk": "#", "g1pk": "L", "g1sk": name}))
    table.write(Update(("1", "#"), remove=("g1pk", "g1sk")))
    assert [entry.key for entry in table.page("GSI1", "L", limit=9)] == [("2", "#")]
    table.write(Delete(("2", "#")))
    assert table.page("GSI1", "L", limit=9) == []
    table.write(Update(("1", "#"), set={"g1pk": "L", "g1sk": "back"}))
    assert [entry.sort for entry in table.page("GSI1", "L", limit=9)] == ["back"]


@pytest.mark.parametrize("index", ["GSI1", "GSI2"])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_the_pages_of_an_index_neither_overlap_nor_leave_out(
    table: Table, index: str, descending: bool, size: int
) -> None:
    names = ("g1pk", "g1sk") if index == "GSI1" else ("g2pk", "g2sk")
    sorts = ["b", "a", "c", "b", "b", "a", "d"]  # equal ones too
    for number, sort in enumerate(sorts):
        table.write(Put({"pk": f"M#{number}", "sk": "#", names[0]: "ML", names[1]: sort}))
    seen, after = [], None
    while entries := table.page(index, "ML", after=after, limit=size, descending=descending):
        assert len(entries) <= size
        seen += entries
        after = (entries[-1].sort, entries[-1].key)
    assert [entry.sort for entry in seen] == sorted(sorts, reverse=descending)
    assert {entry.key for entry in seen} == {(f"M#{number}", "#") for number in range(7)}


def test_a_page_goes_on_behind_an_entry_that_is_gone(table: Table) -> None:
    for number in range(4):
        table.write(Put({"pk": f"M#{number}", "sk": "#", "g1pk": "ML", "g1sk": str(number)}))
    table.write(Delete(("M#1", "#")))
    assert [entry.sort for entry in table.page("GSI1", "ML", after=("1", ("M#1", "#")), limit=9)] == ["2", "3"]
    assert [entry.sort for entry in table.page("GSI1", "ML", after=("1", ("M#1", "#")), limit=9, descending=True)] == [
        "0"
    ]


@pytest.mark.parametrize("descending", [False, True])
def test_a_page_can_keep_to_the_sort_values_that_start_alike(table: Table, descending: bool) -> None:
    for number, sort in enumerate(["2024#a", "2024#b", "2025#a", "2025#b", "2026#a"]):
        table.write(Put({"pk": f"M#{number}", "sk": "#", "g1pk": "ML", "g1sk": sort}))
    options = {"prefix": "2025#", "descending": descending}
    both = ["2025#b", "2025#a"] if descending else ["2025#a", "2025#b"]
    entries = table.page("GSI1", "ML", limit=9, **options)
    assert [entry.sort for entry in entries] == both
    behind_first = table.page("GSI1", "ML", after=(entries[0].sort, entries[0].key), limit=9, **options)
    assert [entry.sort for entry in behind_first] == both[1:]
    behind_smaller = table.page("GSI1", "ML", after=("2024#b", ("M#1", "#")), limit=9, **options)
    behind_larger = table.page("GSI1", "ML", after=("2026#a", ("M#4", "#")), limit=9, **options)
    assert [entry.sort for entry in behind_smaller] == ([] if descending else both)
    assert [entry.sort for entry in behind_larger] == (both if descending else [])
