"""Lists go on where a whole page of them is gone: what is being deleted hides nobody behind it."""

from __future__ import annotations

from tests.world import Native, World

from vestibule.ports import Delete
from vestibule.stores.identity_items import identity_key


def test_sessions_behind_those_of_somebody_who_is_being_deleted_are_listed(world: World) -> None:
    world.identity("bobby@example.org")
    alice = world.identity("alice@example.org")
    for _ in range(5):
        Native(world).sign_in("alice@example.org")
    world.table.write(Delete(identity_key(alice.id)))  # its rows are removed later
    listed = world.svc.sessions.page(after=None, limit=2)
    assert [session.identity.traits["email"] for session in listed if session.identity] == ["bobby@example.org"]
    assert len(world.admin("GET", "/admin/sessions?page_size=2").json) == 1


def test_identities_behind_a_page_of_deleted_ones_are_listed(world: World, monkeypatch) -> None:
    everybody = sorted(world.identity(f"somebody{number}@example.org").id for number in range(5))
    store = world.svc.identities
    found = type(store).find_many
    gone = set(everybody[:3])  # the index still lists them
    monkeypatch.setattr(
        type(store), "find_many", lambda self, ids: found(self, [id_ for id_ in ids if id_ not in gone])
    )
    assert [identity.id for identity in store.page(after=None, limit=2)] == [everybody[3]]
    listed = world.admin("GET", "/admin/identities?page_size=2").json
    assert [identity["id"] for identity in listed] == everybody[3:]
