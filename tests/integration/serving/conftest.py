"""A client over REST and one over gRPC of a module's `double`, a server."""

import pytest

from keras_fashion.serving import Client


@pytest.fixture(params=["rest", "grpc"])
def way(request):
    return request.param


@pytest.fixture
def client(double, way):
    double.asked.clear()
    double.faults.clear()
    with Client(double.addresses[way], timeout=60) as client:
        yield client
