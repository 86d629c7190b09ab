"""Serves the handlers over the engine's provider protocol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2
from pydantic import SecretStr

from meridian.protocol.differences import KIND, kind
from meridian.protocol.plugin import Plugin
from meridian.protocol.values import UNKNOWN, Secret, decode, encode, plain
from meridian.provider.errors import ProviderError
from meridian.provider.handler import Diff, Handler, Outputs, differences
from meridian.provider.inputs import keep_secrets, partial, secret_texts, validate
from meridian.provider.version import VERSION

_LOG = logging.getLogger("meridian.provider")
Say = Callable[[str, str], None]
"""Called with a resource's URN and a line for the person who reads the preview."""


class MeridianProvider(Plugin):
    """One provider instance."""

    def __init__(self, handlers: Mapping[str, Callable[[], Handler[Any]]], say: Say) -> None:
        super().__init__(VERSION)
        self._makers = handlers
        self._made: dict[str, Handler[Any]] = {}
        self._say = say

    def Check(self, request: Any, context: Any) -> Any:
        """Validate the inputs and mark the secret ones."""
        handler = self._handler(request.urn, context)
        news = decode(request.news)
        inputs, failures = validate(handler.inputs, news)
        if inputs is None and not failures:
            inputs = partial(handler.inputs, news, handler.plans_from)
        if inputs is not None:
            failures = list(self._guarded(context, request.urn, news, lambda: handler.check(inputs)))
        answers = [provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in failures]
        return provider_pb2.CheckResponse(inputs=encode(keep_secrets(handler.inputs, news)), failures=answers)

    def Diff(self, request: Any, context: Any) -> Any:
        """Compare; while something is unknown or of an older shape, input by input."""
        handler = self._handler(request.urn, context)
        olds, news = decode(request.old_inputs), decode(request.news)
        old, new = validate(handler.inputs, olds)[0], validate(handler.inputs, news)[0]
        if old is None or new is None:
            found = differences(olds, news, handler.fixed)
        else:
            outputs = self._outputs(request.olds)
            found = self._guarded(context, request.urn, news, lambda: handler.diff(old, new, outputs))
        ignored = set(request.ignoreChanges)
        changed = {path: each for path, each in found.changed.items() if path.split(".")[0] not in ignored}
        return _answer(Diff(changed, found.replaces - ignored, found.delete_before_replace))

    def Create(self, request: Any, context: Any) -> Any:
        """Make it, or in a preview say what would be made."""
        handler = self._handler(request.urn, context)
        news = decode(request.properties)
        new = validate(handler.inputs, news)[0]
        if request.preview:
            planned = self._planned(context, request.urn, handler, None, new, {}, news)
            return provider_pb2.CreateResponse(id="", properties=encode(planned))
        if new is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{_name(request.urn)}: its inputs are not valid")
        made = self._guarded(context, request.urn, news, lambda: handler.create(new))
        return provider_pb2.CreateResponse(
            id=made.id, properties=encode(self._state(handler, news, made.outputs))
        )

    def Read(self, request: Any, context: Any) -> Any:
        """Return what exists; an empty id says that it is gone."""
        handler = self._handler(request.urn, context)
        olds = decode(request.inputs)
        old = validate(handler.inputs, olds)[0] if olds else None
        outputs = self._outputs(request.properties)
        found = self._guarded(context, request.urn, olds, lambda: handler.read(request.id, old, outputs))
        if found is None:
            return provider_pb2.ReadResponse(id="")
        news = olds if found.inputs is None else _given(found.inputs.model_dump(by_alias=True))
        kept = keep_secrets(handler.inputs, news)
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=encode(self._state(handler, kept, found.outputs)),
            inputs=encode(kept),
        )

    def Update(self, request: Any, context: Any) -> Any:
        """Change it in place, or in a preview say what would change."""
        handler = self._handler(request.urn, context)
        olds, news = decode(request.old_inputs), decode(request.news)
        old, new = validate(handler.inputs, olds)[0], validate(handler.inputs, news)[0]
        outputs = self._outputs(request.olds)
        if request.preview:
            planned = self._planned(context, request.urn, handler, old, new, outputs, news)
            return provider_pb2.UpdateResponse(properties=encode(planned))
        if old is None or new is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{_name(request.urn)}: its inputs are not valid")
        found = self._guarded(
            context,
            request.urn,
            {"old": olds, "new": news},
            lambda: handler.update(request.id, old, new, outputs),
        )
        return provider_pb2.UpdateResponse(properties=encode(self._state(handler, news, found)))

    def Delete(self, request: Any, context: Any) -> Any:
        """Delete it."""
        handler = self._handler(request.urn, context)
        olds = decode(request.old_inputs)
        old = validate(handler.inputs, olds)[0]
        outputs = self._outputs(request.properties)
        if old is None:
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"{_name(request.urn)}: its inputs in state are of another shape; fix: `meridian up` it first",
            )
        self._guarded(context, request.urn, olds, lambda: handler.delete(request.id, old, outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """Refuse: there are no data sources."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: meridian {VERSION} has no functions")

    # -- helpers ------------------------------------------------------------------------------------------------

    def _handler(self, urn: str, context: Any) -> Handler[Any]:
        token = urn.split("::")[2].split("$")[-1]
        if token not in self._makers:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"{token}: meridian {VERSION} has no such type; fix: use one of {', '.join(sorted(self._makers))}",
            )
        if token not in self._made:
            self._made[token] = self._makers[token]()
        return self._made[token]

    def _planned(
        self,
        context: Any,
        urn: str,
        handler: Handler[Any],
        old: Any,
        new: Any,
        outputs: Outputs,
        news: Mapping[str, Any],
    ) -> dict[str, Any]:
        unknown = {name: UNKNOWN for name in handler.unknown_outputs if name not in outputs}
        if new is None:
            new = partial(handler.inputs, news, handler.plans_from)
        if new is None:
            return self._state(handler, news, {**outputs, **unknown})
        plan = self._guarded(context, urn, news, lambda: handler.plan(old, new, outputs))
        hidden = secret_texts(dict(news))
        if plan.lines:
            self._say(urn, _redacted("\n".join(plan.lines), hidden))
        return self._state(handler, news, {**outputs, **unknown, **plan.outputs})

    @staticmethod
    def _outputs(properties: Any) -> dict[str, Any]:
        return dict(plain(decode(properties)))

    @staticmethod
    def _state(handler: Handler[Any], inputs: Mapping[str, Any], outputs: Outputs) -> dict[str, Any]:
        names = {str(each.alias) for each in handler.inputs.model_fields.values()}
        own = {
            name: Secret(value) if name in handler.secret_outputs and value is not UNKNOWN else value
            for name, value in outputs.items()
            if name not in names
        }
        return {**inputs, **own}

    @staticmethod
    def _guarded(context: Any, urn: str, values: Any, operation: Callable[[], Any]) -> Any:
        """Run an operation; what it refuses is told without a secret, what it did not expect is logged as well."""
        try:
            return operation()
        except ProviderError as error:
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, urn, str(error), values)
        except Exception as error:
            _LOG.exception("%s", urn)
            _abort(context, grpc.StatusCode.UNKNOWN, urn, f"{type(error).__name__}: {error}", values)


def _abort(context: Any, code: Any, urn: str, message: str, values: Any) -> NoReturn:
    context.abort(code, f"{_name(urn)}: {_redacted(message, secret_texts(values))}")
    raise AssertionError("abort raises")


def _redacted(text: str, secrets: set[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


def _answer(found: Diff) -> Any:
    detailed = {}
    for path, change in found.changed.items():
        replaces = path.split(".")[0].split("[")[0] in found.replaces
        detailed[path] = KIND(kind=kind(change, replaces), inputDiff=True)
    state = provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=state,
        replaces=sorted(found.replaces),
        diffs=sorted({path.split(".")[0].split("[")[0] for path in found.changed}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=found.delete_before_replace and bool(found.replaces),
    )


def _given(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return Secret(value.get_secret_value())
    if isinstance(value, Mapping):
        return {name: _given(each) for name, each in value.items() if each is not None}
    return [_given(each) for each in value] if isinstance(value, (list, tuple)) else value


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]
