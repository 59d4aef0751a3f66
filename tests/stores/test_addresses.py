from vestibule.stores.addresses import FEEDBACK_KEPT, Feedback, heard, noting

ANN, BEN = ("email", "ann@example.org"), ("email", "ben@example.org")


def test_the_last_that_was_heard_of_each_address_counts(world):
    svc = world.svc
    svc.table.write(noting(svc.index, "ann@example.org", Feedback("bounce", svc.clock.now())))
    complained = Feedback("complaint", svc.clock.now())
    svc.table.write(noting(svc.index, "Ann@Example.ORG", complained))
    assert heard(svc.table, svc.index, [BEN, ANN, ANN]) == [None, complained, complained]
    assert heard(svc.table, svc.index, []) == []


def test_it_is_forgotten_and_the_address_is_not_in_it(world):
    note = noting(world.svc.index, "ann@example.org", Feedback("bounce", world.svc.clock.now()))
    assert note.set["ttl"] == int((world.svc.clock.now() + FEEDBACK_KEPT).timestamp())
    assert "ann" not in str(note)
