"""Serves the engine's provider protocol for objects of one cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from kubernetes.client.exceptions import ApiException
from pulumi.runtime.proto import provider_pb2

from meridian.local.errors import CloudError, LocalError
from meridian.local.faults import Faults
from meridian.local.kubernetes import diff, inputs, refusals, settings, waiting
from meridian.local.kubernetes.cluster import UnreachableError
from meridian.local.kubernetes.engine_log import EngineLog
from meridian.local.kubernetes.lifecycle import Lifecycle, NotReadyError
from meridian.local.kubernetes.objects import REPLACE_UNREADY, Kind, annotation, is_true, kind_of
from meridian.local.kubernetes.outputs import planned
from meridian.local.kubernetes.partial import not_ready
from meridian.local.kubernetes.reach import GoneError, Locate, Reach
from meridian.local.kubernetes.target import Target
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

    def __init__(
        self, version: str, schemas: SchemaStore, locate: Locate | None = None, faults: Faults | None = None
    ) -> None:
        super().__init__(version)
        self._schemas = schemas
        self._reach = Reach(locate)
        self._faults = faults
        self._log = EngineLog()
        self._gone_told = False
        self._settings = settings.Settings()

    def Handshake(self, request: Any, context: Any) -> Any:
        """Keep where the engine listens."""
        self._log.at(request.engine_address)
        return super().Handshake(request, context)

    def Attach(self, request: Any, context: Any) -> Any:
        """Keep where the engine listens."""
        self._log.at(request.address)
        return super().Attach(request, context)

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
        """Compare the inputs of then and now; ask the API server whether a change needs a new object."""
        kind, _ = self._kind(request.urn, context)
        olds, news = decode(request.old_inputs), decode(request.news)
        lifecycle = self._known_cluster(request.urn, kind)
        scope, unready = kind.namespaced, False
        if lifecycle is not None:
            scope = _scope(lifecycle)
            unready = is_true(annotation(news, REPLACE_UNREADY)) and lifecycle.failed(request.id)
        answer = diff.compare(kind, olds, news, self._settings, scope, request.ignoreChanges, unready)
        if lifecycle is not None and answer.diffs and not answer.replaces:
            effect = lifecycle.effect(news, decode(request.olds))
            diff.add_effect(answer, effect, olds, news)
        return answer

    def Create(self, request: Any, context: Any) -> Any:
        """Make an object and wait for it; in a preview ask the API server for a dry run."""
        kind, token = self._kind(request.urn, context)[0], _token(request.urn)
        news = decode(request.properties)
        if self._plans(request.preview, context):
            return provider_pb2.CreateResponse(id="", properties=encode(planned(kind, news)))
        with self._told(context, token, "create", not request.preview):
            lifecycle = self._lifecycle(request.urn, kind)
            if request.preview:
                return provider_pb2.CreateResponse(id="", properties=encode(lifecycle.preview(news)))
            made, outputs = lifecycle.create(news, waiting.limit(news, request.timeout))
        return provider_pb2.CreateResponse(id=made, properties=encode(outputs))

    def Update(self, request: Any, context: Any) -> Any:
        """Change an object and wait for it; in a preview ask the API server for a dry run."""
        kind, token = self._kind(request.urn, context)[0], _token(request.urn)
        news, olds = decode(request.news), decode(request.olds)
        if self._plans(request.preview, context):
            return provider_pb2.UpdateResponse(properties=encode(planned(kind, news, olds)))
        with self._told(context, token, "update", not request.preview):
            try:
                lifecycle = self._lifecycle(request.urn, kind)
                if request.preview:
                    outputs = lifecycle.preview(news, olds)
                else:
                    outputs = lifecycle.update(news, olds, waiting.limit(news, request.timeout))
            except UnreachableError as error:
                if not self._settings.skip_update_unreachable:
                    raise
                self._log.warning(request.urn, f"not changed, as skipUpdateUnreachable says: {error}")
                outputs = olds
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Read(self, request: Any, context: Any) -> Any:
        """Return what exists; an empty id says that it is gone."""
        kind, token = self._kind(request.urn, context)[0], _token(request.urn)
        if self._reach.planning(self._settings):
            return provider_pb2.ReadResponse(
                id=request.id, properties=request.properties, inputs=request.inputs
            )
        with self._told(context, token, "read"):
            try:
                lifecycle = self._lifecycle(request.urn, kind)
                found = lifecycle.read(request.id, decode(request.inputs), decode(request.properties))
            except GoneError:
                self._say_gone(request.urn, request.id)
                found = None
            except UnreachableError as error:
                if not self._settings.delete_unreachable:
                    raise
                self._log.warning(request.urn, f"taken for deleted, as deleteUnreachable says: {error}")
                found = None
        if found is None:
            return provider_pb2.ReadResponse(id="")
        return provider_pb2.ReadResponse(id=found[0], properties=encode(found[1]), inputs=encode(found[2]))

    def Delete(self, request: Any, context: Any) -> Any:
        """Delete an object and wait until it is gone; with its cluster gone, it is."""
        kind, token = self._kind(request.urn, context)[0], _token(request.urn)
        olds = decode(request.properties)
        self._plans(False, context)
        with self._told(context, token, "delete", changes=True):
            try:
                lifecycle = self._lifecycle(request.urn, kind)
                lifecycle.delete(request.id, olds, waiting.limit(olds, request.timeout))
            except GoneError:
                self._say_gone(request.urn, request.id)
            except UnreachableError as error:
                if not self._settings.delete_unreachable:
                    raise
                self._log.warning(request.urn, f"only forgotten, as deleteUnreachable says: {error}")
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

    def _say_gone(self, urn: str, resource_id: str) -> None:
        """Say once for all objects of a cluster that they went with it; a line for each would bury the rest."""
        place = f"cluster {self._settings.cluster} at {self._settings.server}"
        if self._gone_told:
            self._log.status(urn, f"{resource_id} is gone with {place}")
            return
        self._gone_told = True
        self._log.warning(urn, f"{resource_id} and what else was there is gone with {place}")

    def _plans(self, preview: bool, context: Any) -> bool:
        """True when only a plan is asked for and there is no cluster to ask; ends a call that would change one."""
        planning = self._reach.planning(self._settings)
        if planning and not preview:
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                "the cluster of this provider is not known: nothing can be changed in it; fix: give a kubeconfig",
            )
        return planning

    def _lifecycle(self, urn: str, kind: Kind) -> Lifecycle:
        cluster = self._reach.cluster(self._settings)
        target = Target(cluster, self._settings.namespace, kind, urn)
        return Lifecycle(target, self._settings, lambda line: self._log.status(urn, line))

    def _known_cluster(self, urn: str, kind: Kind) -> Lifecycle | None:
        """Return what can ask the cluster, or None: a comparison needs none, and what follows tells what is wrong."""
        if self._reach.planning(self._settings):
            return None
        try:
            return self._lifecycle(urn, kind)
        except GoneError:
            return None

    @contextmanager
    def _told(self, context: Any, token: str, operation: str, changes: bool = False) -> Iterator[None]:
        """Let faults strike, and turn what went wrong into the protocol's errors."""
        try:
            if self._faults is not None and (changes or operation == "read"):
                self._faults.before(token, operation)
            yield
            if changes and self._faults is not None and self._faults.loses_reply(token, operation):
                context.abort(grpc.StatusCode.UNAVAILABLE, f"{operation} of {token}: the reply was lost")
        except NotReadyError as error:
            not_ready(context, error)
        except (CloudError, LocalError) as error:
            context.abort(_INVALID, str(error))
        except ApiException as error:
            context.abort(_INVALID, refusals.explain(error, f"{operation} of {token}"))

    def _kind(self, urn: str, context: Any) -> tuple[Kind, ResourceType | None]:
        token = _token(urn)
        if token.removeprefix("kubernetes:") in _COMPONENTS:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"{token} is not embedded; fix: write the objects as resources, or use kubernetes.yaml.ConfigGroup",
            )
        declared = self._schemas.get(token)
        return kind_of(token, declared is not None), declared


def _token(urn: str) -> str:
    return urn.split("::")[2].split("$")[-1]


def _scope(lifecycle: Lifecycle) -> bool | None:
    """Return whether objects lie in namespaces; a comparison goes on without an answer."""
    try:
        return lifecycle.target.scope()
    except (UnreachableError, ApiException):
        return None
