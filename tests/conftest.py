"""What holds for every test: laws have no deadline, since a busy machine is no flaw; slow code is measured in bench/."""

import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def a_cache_of_its_own() -> Iterator[None]:
    """Keep every run, and every process of it, from what another left in the cache of this machine's user."""
    with TemporaryDirectory(prefix="tuneset-tests-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_CACHE_HOME", folder)
        yield
