"""One private stack a session, one world (database, daemon, area) a module, more worlds for tests that break theirs."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.stack import Stack  # noqa: E402
from support.world import World, make_template  # noqa: E402


HERE = pathlib.Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What is asked of the whole run comes last, and not at all in a run of a part."""
    last = [item for item in items if item.path.stem == "test_every_rule"]
    items[:] = [item for item in items if item not in last]
    if {item.path for item in items} >= {path for path in HERE.glob("test_*.py") if path.stem != "test_every_rule"}:
        items += last


@pytest.fixture(scope="session")
def stack():
    stack = Stack()
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def template(stack):
    return make_template(stack)


@pytest.fixture(scope="module")
def world(request, stack, template):
    """A running daemon; a module's WORLD are its settings. At the end everything that holds of every world is checked."""
    world = World(stack, template, **getattr(request.module, "WORLD", {}))
    try:
        yield world.start()
        world.check()
    finally:
        world.close()


@pytest.fixture
def new_world(stack, template):
    """Makes worlds for one test, started by the test; checked at its end unless the test failed."""
    worlds = []

    def make(**settings):
        worlds.append(World(stack, template, **settings))
        return worlds[-1]

    try:
        yield make
        for world in worlds:
            world.check()
    finally:
        for world in worlds:
            world.close()


@pytest.fixture
def device(world):
    return world.device()
