"""Serves the engine's provider protocol for one configured provider of one cloud."""

from __future__ import annotations

import secrets
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from meridian.local.clouds import cloud
from meridian.local.clouds.context import Judging
from meridian.local.diff import compare
from meridian.local.errors import CloudError, LocalError
from meridian.local.planes import Planes
from meridian.local.schema import ResourceType, SchemaStore
from meridian.local.schema.types import Field
from meridian.local.store import LostReplyError, Store
from meridian.local.validate import check
from meridian.protocol.plugin import Plugin, configured
from meridian.protocol.values import UNKNOWN, decode, encode, has_unknown, plain

# Types whose `name` is no autoname in the bridged providers.
_NO_AUTONAME = frozenset({"random", "tls"})


class CloudProvider(Plugin):
    """One provider instance; without a store it only plans: nothing is created, read or stored."""

    def __init__(
        self, name: str, version: str, schemas: SchemaStore, store: Store | None, planes: Planes | None
    ) -> None:
        super().__init__(version)
        self._name = name
        self._schemas = schemas
        self._store = store
        self._planes = planes
        self._cloud = cloud(name)
        self._settings: dict[str, Any] = {}

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """A change of region or project means other resources."""
        olds, news = decode(request.olds), decode(request.news)
        moved = [key for key in ("region", "project") if olds.get(key) != news.get(key)]
        changed = olds != news
        state = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=state, replaces=moved, diffs=moved)

    def Configure(self, request: Any, context: Any) -> Any:
        """Check and keep region, project and account."""
        given = plain(decode(request.args))
        if not has_unknown({key: given.get(key) for key in ("region", "project")}):
            try:
                self._settings = self._cloud.settings(given)
            except LocalError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return configured()

    # -- resources ----------------------------------------------------------------------------------------------

    def Check(self, request: Any, context: Any) -> Any:
        """Refuse what the SDK does not declare; give names to what has none."""
        resource = self._type(request.urn, context)
        news, olds = decode(request.news), decode(request.olds)
        failures = check(resource, news)
        self._autoname(resource, request.urn, news, olds)
        answers = [
            provider_pb2.CheckFailure(property=failure.path, reason=failure.reason) for failure in failures
        ]
        return provider_pb2.CheckResponse(inputs=encode(news), failures=answers)

    def Diff(self, request: Any, context: Any) -> Any:
        """Compare the inputs of then and now."""
        resource = self._type(request.urn, context)
        olds = decode(request.old_inputs if request.HasField("old_inputs") else request.olds)
        if self._store is not None:
            self._store.heard(resource.token, request.id, self._at(decode(request.olds)))
        ignored = set(request.ignoreChanges)
        return compare(resource, olds, decode(request.news), self._cloud.force_new(resource.token), ignored)

    def Create(self, request: Any, context: Any) -> Any:
        """Make a resource; in a preview say what is known of it."""
        resource = self._type(request.urn, context)
        inputs = decode(request.properties)
        if request.preview or self._store is None:
            return provider_pb2.CreateResponse(id="", properties=encode(self._planned(resource, inputs)))
        try:
            record = self._store.create(resource, request.urn, inputs, self._settings)
            if self._planes:
                record = self._planes.created(self._store, record)
        except (CloudError, LostReplyError) as error:
            self._abort(context, f"creating {_label(request.urn)}", error)
        return provider_pb2.CreateResponse(id=record.id, properties=encode(_public(record.outputs)))

    def Read(self, request: Any, context: Any) -> Any:
        """Return what exists; an empty id says that it is gone."""
        if self._store is None:
            return provider_pb2.ReadResponse(
                id=request.id, properties=request.properties, inputs=request.inputs
            )
        resource = self._type(request.urn, context)
        try:
            record = self._store.read(resource.token, request.id, self._at(decode(request.properties)))
        except CloudError as error:
            self._abort(context, f"reading {_label(request.urn)}", error)
        if record is None:
            return provider_pb2.ReadResponse(id="")
        inputs = {
            name: _given(record.outputs[name], value, resource.inputs.get(name))
            for name, value in record.inputs.items()
            if name in record.outputs
        }
        return provider_pb2.ReadResponse(
            id=record.id, properties=encode(_public(record.outputs)), inputs=encode(inputs)
        )

    def Update(self, request: Any, context: Any) -> Any:
        """Change a resource in place."""
        resource = self._type(request.urn, context)
        inputs = decode(request.news)
        if request.preview or self._store is None:
            kept = {name: value for name, value in decode(request.olds).items() if name in resource.computed}
            return provider_pb2.UpdateResponse(properties=encode({**kept, **inputs}))
        try:
            record = self._store.update(resource, request.id, inputs, self._at(decode(request.olds)))
            if self._planes:
                record = self._planes.updated(self._store, record)
        except (CloudError, LostReplyError) as error:
            self._abort(context, f"changing {_label(request.urn)}", error)
        return provider_pb2.UpdateResponse(properties=encode(_public(record.outputs)))

    def Delete(self, request: Any, context: Any) -> Any:
        """Delete a resource; one that is gone already is no error."""
        if self._store is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "a plan deletes nothing")
        assert self._store is not None
        token = self._type(request.urn, context).token
        try:
            record = self._store.delete(token, request.id, self._at(decode(request.properties)))
            if record and self._planes:
                self._planes.deleted(record)
        except (CloudError, LostReplyError) as error:
            self._abort(context, f"deleting {_label(request.urn)}", error)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """Answer a data source."""
        try:
            arguments = plain(decode(request.args))
            if self._store is not None:
                self._store.faults.before(request.tok, "read")
            if isinstance(self._cloud, Judging) and self._store is not None:
                answer = self._cloud.ask(request.tok, arguments, self._store.others)
            else:
                answer = self._cloud.invoke(request.tok, arguments, self._settings)
        except CloudError as error:
            failure = provider_pb2.CheckFailure(property="", reason=str(error))
            return provider_pb2.InvokeResponse(failures=[failure])
        return provider_pb2.InvokeResponse(**{"return": encode(answer)})

    def _at(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Return the settings with the region where the resource lies, if it lies elsewhere."""
        region = outputs.get("region") if self._name == "aws" else None
        return {**self._settings, "region": region} if isinstance(region, str) and region else self._settings

    def _planned(self, resource: ResourceType, inputs: dict[str, Any]) -> dict[str, Any]:
        """What is known before the creation: the inputs, and the place that the provider is bound to."""
        known: dict[str, Any] = {
            name: self._settings[name]
            for name in ("region", "project")
            if self._settings.get(name) and name in resource.outputs
        }
        unknown: dict[str, Any] = dict.fromkeys((*resource.computed, *resource.certain), UNKNOWN)
        return {**unknown, **known, **{name: value for name, value in inputs.items() if value is not None}}

    # -- helpers ------------------------------------------------------------------------------------------------

    def _type(self, urn: str, context: Any) -> ResourceType:
        token = urn.split("::")[2].split("$")[-1]
        resource = self._schemas.get(token)
        if resource is None:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"{token}: pulumi-{self._name} {self._version} declares no such type; fix: check the SDK's version",
            )
        assert resource is not None
        return resource

    def _autoname(self, resource: ResourceType, urn: str, news: dict[str, Any], olds: dict[str, Any]) -> None:
        field = "bucket" if resource.token == "aws:s3/bucket:Bucket" else "name"  # noqa: S105 - a type token
        known = resource.inputs.get(field)
        if self._name in _NO_AUTONAME or known is None or known.required or known.shape["kind"] != "string":
            return
        if news.get(field) is None and news.get(f"{field}Prefix") is None:
            news[field] = olds.get(field) or f"{urn.rsplit('::', 1)[-1].lower()}-{secrets.token_hex(4)[:7]}"

    @staticmethod
    def _abort(context: Any, doing: str, error: Exception) -> None:
        code = (
            grpc.StatusCode.UNAVAILABLE
            if isinstance(error, LostReplyError)
            else grpc.StatusCode.INVALID_ARGUMENT
        )
        context.abort(code, f"{doing}: {error}")


def _public(outputs: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only the cloud itself keeps: key material, where a control plane runs."""
    return {name: value for name, value in outputs.items() if not name.startswith("$")}


def _given(now: Any, was: Any, declared: Field | None) -> Any:
    """Leave out of an object what only the cloud fills in: told as an input, it would look like drift for ever."""
    if (
        declared is None
        or declared.shape["kind"] != "object"
        or not isinstance(now, dict)
        or not isinstance(was, dict)
    ):
        return now
    return {name: value for name, value in now.items() if name in was}


def _label(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]
