"""The client's REST transport, at the address and in the envelope of MLflow's scoring server.

What MLflow shares with TensorFlow Serving, the encoding of the columns, is the client's own code.
"""

from keras_fashion.serving.client.rest_transport import RestTransport


class MLflowTransport(RestTransport):
    def url(self, model):
        return f"{self.address}/invocations"

    def body(self, model, signature, inputs):
        columns = super().body(model, signature, inputs)["inputs"]
        return {"inputs": columns, "params": {"model": model, "signature": signature}}

    def reason(self, answer):
        return answer["message"]

    def outputs(self, answer):
        found = answer["predictions"]
        return found if len(found) > 1 else next(iter(found.values()))
