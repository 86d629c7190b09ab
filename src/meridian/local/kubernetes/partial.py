"""Tells the engine that an object exists but is not ready, so that it keeps it and the next run continues."""

from __future__ import annotations

from typing import Any

import grpc
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from meridian.local.kubernetes.lifecycle import NotReadyError
from meridian.protocol.values import encode

_DETAILS = "grpc-status-details-bin"


def not_ready(context: Any, error: NotReadyError) -> None:
    """End a call with ErrorResourceInitFailed; the code must be the same in both places."""
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id, properties=encode(error.outputs), reasons=error.reasons, inputs=encode(error.inputs)
    )
    status.details.add().Pack(detail)
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
