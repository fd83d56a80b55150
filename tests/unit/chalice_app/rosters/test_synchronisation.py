"""Reading, committing and trying again, with other writers in between (see also streams/)."""

from dataclasses import replace

from chalice_app.rosters.ledger import key_of
from chalice_app.rosters.synchronisation import RosterSync
from tests.fakes.domain import MANY, ledger_keys, listener
from tests.fakes.world import World


def test_a_connection_that_leaves_between_two_tries_is_not_seen_as_there(world: World) -> None:
    of = world.open()
    arrived = listener(of, "a")
    world.tables.put_connection(arrived)

    def counts_it_first_and_it_leaves() -> None:
        world.count(["a"])
        world.tables.delete_connection("a")

    world.tables.before_commit.append(counts_it_first_and_it_leaves)
    result = RosterSync(world.tables, wait=lambda _: None).synchronise([key_of(arrived)])
    assert result.connections == {}
    assert result.failed == set()
    assert world.now(of).listener_count == 0


def test_a_connection_that_changes_language_between_two_tries_is_counted_once(
    world: World,
) -> None:
    of = world.open()
    arrived = listener(of, "a")
    world.tables.put_connection(arrived)

    def counts_it_first_and_it_moves() -> None:
        world.count(["a"])
        world.tables.change_language("a", "fr", MANY)

    world.tables.before_commit.append(counts_it_first_and_it_moves)
    result = RosterSync(world.tables, wait=lambda _: None).synchronise([key_of(arrived)])
    assert result.connections == {"a": replace(arrived, target_language="fr", version=2)}
    assert world.now(of).languages == {"fr": 1}


def test_a_wish_alone_changes_the_session_s_counts(world: World) -> None:
    of = world.open()
    world.listener(of, "a")
    world.tables.change_language("a", "es", MANY, wants_voice=True)
    result = RosterSync(world.tables, wait=lambda _: None).synchronise(ledger_keys(of, "a"))
    assert result.sessions == {of.session_id}
    assert (world.now(of).languages, world.now(of).voices) == ({"es": 1}, {"es": 1})


def test_who_stays_in_a_language_changes_nobody_s_counts(world: World) -> None:
    of = world.open()
    arrived = world.listener(of, "a")
    world.tables.change_language("a", "es", MANY)
    result = RosterSync(world.tables, wait=lambda _: None).synchronise(ledger_keys(of, "a"))
    assert result.sessions == set()
    assert world.now(of).languages == {"es": 1}
    assert result.connections == {"a": replace(arrived, version=2)}
