"""Serves the engine's provider protocol for objects of one cluster."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from meridian.local.errors import CloudError, LocalError
from meridian.local.kubernetes import diff, inputs, settings
from meridian.local.kubernetes.objects import Kind, kind_of
from meridian.local.kubernetes.outputs import planned
from meridian.local.kubernetes.yaml_text import decode_yaml
from meridian.local.schema import ResourceType, SchemaStore
from meridian.protocol.plugin import Plugin, configured
from meridian.protocol.values import decode, encode, has_unknown, plain

_INVALID = grpc.StatusCode.INVALID_ARGUMENT
_COMPONENTS = [
    "helm.sh/v3:Release",
    "helm.sh/v4:Chart",
    "kustomize/v2:Directory",
    "yaml/v2:ConfigFile",
    "yaml/v2:ConfigGroup",
]


class KubernetesProvider(Plugin):
    """One provider instance; without a way to find clusters it only plans and contacts nothing."""

    def __init__(self, version: str, schemas: SchemaStore) -> None:
        super().__init__(version)
        self._schemas = schemas
        self._settings = settings.Settings()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Refuse what cannot be used; a kubeconfig that is not known yet becomes one that says so.

        The engine does not ask a provider whose settings are unknown at all: nothing would be checked in a plan.
        """
        news = decode(request.news)
        failures = []
        if has_unknown(news.get("kubeconfig")):
            news["kubeconfig"] = settings.PLANNED
        known = {name: value for name, value in news.items() if not has_unknown(value)}
        try:
            settings.settings(plain(known))
        except LocalError as error:
            failures = [provider_pb2.CheckFailure(property="kubeconfig", reason=str(error))]
        return provider_pb2.CheckResponse(inputs=encode(news), failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another cluster means other objects; another way to reach the same one does not."""
        olds, news = plain(decode(request.olds)), plain(decode(request.news))
        changed = sorted(name for name in {*olds, *news} if olds.get(name) != news.get(name))
        state = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=state, replaces=settings.moved(olds, news), diffs=changed)

    def Configure(self, request: Any, context: Any) -> Any:
        """Keep the settings."""
        given = {name: value for name, value in plain(decode(request.args)).items() if not has_unknown(value)}
        try:
            self._settings = settings.settings(given)
        except LocalError as error:
            context.abort(_INVALID, str(error))
        return configured()

    def Check(self, request: Any, context: Any) -> Any:
        """Give names to what has none; refuse what the SDK does not declare."""
        kind, declared = self._kind(request.urn, context)
        naming = inputs.Naming(
            request.urn.rsplit("::", 1)[-1],
            request.randomSeed,
            request.autonaming.proposed_name,
            request.autonaming.mode,
        )
        news = inputs.fill(kind, decode(request.news), decode(request.olds), naming, self._settings.namespace)
        failures = [
            provider_pb2.CheckFailure(property=each.path, reason=each.reason)
            for each in inputs.failures(kind, declared, news)
        ]
        return provider_pb2.CheckResponse(inputs=encode(news), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        """Compare the inputs of then and now."""
        kind, _ = self._kind(request.urn, context)
        olds, news = decode(request.old_inputs), decode(request.news)
        return diff.compare(kind, olds, news, self._settings, kind.namespaced, request.ignoreChanges)

    def Create(self, request: Any, context: Any) -> Any:
        """Say what is known of an object before it exists."""
        kind, _ = self._kind(request.urn, context)
        news = decode(request.properties)
        if not request.preview:
            self._refuse_change(context)
        return provider_pb2.CreateResponse(id="", properties=encode(planned(kind, news)))

    def Update(self, request: Any, context: Any) -> Any:
        """Say what is known of an object before it is changed."""
        kind, _ = self._kind(request.urn, context)
        if not request.preview:
            self._refuse_change(context)
        olds = decode(request.olds)
        return provider_pb2.UpdateResponse(properties=encode(planned(kind, decode(request.news), olds)))

    def Read(self, request: Any, context: Any) -> Any:
        """Return what is remembered."""
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: Any, context: Any) -> Any:
        """Refuse: a plan deletes nothing."""
        self._refuse_change(context)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """Read YAML for the SDK's own components."""
        try:
            if request.tok != "kubernetes:yaml:decode":
                fix = "write the objects as resources, or with kubernetes.yaml.ConfigGroup"
                raise CloudError("NotImplemented", f"{request.tok} is not embedded; fix: {fix}")
            answer = decode_yaml(plain(decode(request.args)))
        except (CloudError, LocalError) as error:
            failure = provider_pb2.CheckFailure(property="", reason=str(error))
            return provider_pb2.InvokeResponse(failures=[failure])
        return provider_pb2.InvokeResponse(**{"return": encode({"result": answer})})

    def Construct(self, request: Any, context: Any) -> Any:
        """Refuse components that the real provider builds inside itself."""
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"{request.type} is built inside the official provider and is not embedded; "
            "fix: write the objects as resources, or use kubernetes.yaml.ConfigGroup (version 1)",
        )

    @staticmethod
    def _refuse_change(context: Any) -> None:
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            "the cluster of this provider is not known: nothing can be changed in it; fix: give a kubeconfig",
        )

    def _kind(self, urn: str, context: Any) -> tuple[Kind, ResourceType | None]:
        token = urn.split("::")[2].split("$")[-1]
        if token.removeprefix("kubernetes:") in _COMPONENTS:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"{token} is not embedded; fix: write the objects as resources, or use kubernetes.yaml.ConfigGroup",
            )
        declared = self._schemas.get(token)
        return kind_of(token, declared is not None), declared
