"""What machines tell each other may lie in an object store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from pipeline.cluster.build import Layout, build
from pipeline.cluster.engine import Here
from pipeline.cluster.store import Store
from tests.cluster.chats import chats
from tests.house.house import House


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the URL of an empty bucket on loopback."""
    import urllib.request

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/shared", method="PUT")).close()
    yield f"s3://shared/build?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
    server.stop()


def test_a_build_through_an_object_store_gives_the_same_files(tmp_path: Path, bucket: str) -> None:
    house = House(tmp_path).write(faq_csv=chats(40))
    house.build()
    embedded = house.published()
    place, kept = Store.at(bucket, "run"), Store.at(bucket, "kept")

    build(house.plan(), house.setting(), engine=Here(), layout=Layout(place, buckets=1, part_rows=25, remembered=kept))

    assert embedded == house.published()
    assert not place.has("rows/0000000")
    assert place.find("rows/0000000") is None
