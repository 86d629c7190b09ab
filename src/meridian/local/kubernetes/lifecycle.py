"""Makes, changes, reads and deletes objects by server-side apply."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubernetes.client.exceptions import ApiException

from meridian.local.errors import CloudError
from meridian.local.kubernetes import fields, refusals, waiting
from meridian.local.kubernetes.cluster import Cluster, UnreachableError
from meridian.local.kubernetes.discovery import UnknownKindError
from meridian.local.kubernetes.objects import (
    DEFINITION,
    PATCH_FORCE,
    PROPAGATION,
    Kind,
    annotation,
    identifier,
    is_true,
    metadata,
    to_sdk,
)
from meridian.local.kubernetes.outputs import MANAGER, hidden, living, planned
from meridian.local.kubernetes.settings import Settings
from meridian.local.kubernetes.target import OURS, PATCHER, Target
from meridian.protocol.values import has_unknown, plain

# How long to wait for a namespace or a definition that the same run makes but the program does not order.
_LATE_SECONDS, _LATE_PAUSE_SECONDS = 30.0, 0.5
_PROPAGATIONS = {"foreground": "Foreground", "background": "Background", "orphan": "Orphan"}


class NotReadyError(RuntimeError):
    """The object was made or changed, but is not ready; carries what the engine keeps of it."""

    def __init__(self, resource_id: str, outputs: dict[str, Any], reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.id, self.outputs, self.reasons = resource_id, outputs, reasons
        self.inputs: dict[str, Any] = {}


@dataclass(frozen=True)
class Effect:
    """What a change would do: need a new object, or turn what is `now` into what is `then`."""

    replaces: bool = False
    now: Mapping[str, Any] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lifecycle:
    """One resource of one cluster; raises CloudError, NotReadyError and UnreachableError."""

    target: Target
    settings: Settings
    say: waiting.Say

    @property
    def cluster(self) -> Cluster:
        """The cluster."""
        return self.target.cluster

    @property
    def kind(self) -> Kind:
        """The resource's kind."""
        return self.target.kind

    def preview(self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what a create or, with the old outputs, an update would give, by a dry run; nothing is changed."""
        if has_unknown(news):
            return planned(self.kind, news, olds)
        what = f"dry run of {self.target.label(news)}"
        try:
            existing = self.target.live(news) if olds is None else None
            if existing is not None and self.target.manager(news) in fields.managers(existing):
                return planned(self.kind, news)  # it is replaced, or an earlier run made it
            self._refuse_taken(existing, news)
            found = self._apply(
                self.target.body(news, olds), news, self.target.manager(news, olds), dry_run=True
            )
        except UnknownKindError:
            return planned(self.kind, news, olds)  # its definition is only planned
        except ApiException as error:
            if refusals.missing_namespace(error):
                self._elsewhere(news, what)
            elif not refusals.needs_other(error):
                raise self._refused(error, what, news) from None
            return planned(self.kind, news, olds)
        return living(self.kind, found, news, self.target.manager(news, olds))

    def create(self, news: Mapping[str, Any], seconds: float) -> tuple[str, dict[str, Any]]:
        """Make an object and wait until it is ready; return its id and what it is."""
        what = f"creating {self.target.label(news)}"
        existing = self.target.live(news)
        if existing is not None and existing["metadata"].get("deletionTimestamp") and not self.kind.patch:
            held = waiting.until_gone(self.cluster, self.kind, existing, seconds, self.say)
            if held:
                raise CloudError(
                    "Terminating", f"{what}: one of this name is being deleted: {'; '.join(held)}"
                )
            existing = None
        self._refuse_taken(existing, news)
        return self._settle(what, self.target.body(news), news, self.target.manager(news), seconds)

    def update(self, news: Mapping[str, Any], olds: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Change an object and wait until it is ready."""
        what = f"changing {self.target.label(news)}"
        return self._settle(
            what, self.target.body(news, olds), news, self.target.manager(news, olds), seconds
        )[1]

    def read(
        self, resource_id: str, inputs: Mapping[str, Any], olds: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """Return id, what an object is, and the inputs that would make it so; None when it is gone."""
        live = self.target.at(resource_id)
        if live is None:
            return None
        manager = str(olds.get(MANAGER) or "")
        if inputs:
            found = self._inputs(inputs, live)
        else:
            found = fields.managed_by(live, manager or OURS) or fields.written(live)
            found = {key: value for key, value in living(self.kind, found, {}).items() if value is not None}
        outputs = living(self.kind, live, inputs, manager)
        judged = waiting.judged(self.cluster, self.kind, live)
        if not judged.ready and not self.kind.patch:
            error = NotReadyError(identifier(live), outputs, [judged.reason])
            error.inputs = found
            raise error
        return identifier(live), outputs, found

    def delete(self, resource_id: str, olds: Mapping[str, Any], seconds: float) -> None:
        """Delete an object and wait until it is gone; of a patch only its own fields are given up."""
        live = self.target.at(resource_id)
        if live is None:
            return
        what, manager = f"deleting {self.kind.kind} {resource_id}", str(olds.get(MANAGER) or "")
        others = [
            each
            for each in fields.managers(live)
            if each.startswith(OURS) and not each.startswith(PATCHER) and each != manager
        ]
        if self.kind.patch or (manager and others):
            self._give_up(live, manager, what)
            return
        propagation = _PROPAGATIONS.get((annotation(live, PROPAGATION) or "").lower(), "Foreground")
        try:
            self.cluster.delete(live, propagation)
        except ApiException as error:
            if error.status == 403 and manager:
                self._give_up(live, manager, what)  # such as the namespace `default`, which nobody can delete
                return
            raise self._refused(error, what) from None
        held = waiting.until_gone(self.cluster, self.kind, live, seconds, self.say)
        if held:
            raise CloudError("Timeout", f"{what}: {'; '.join(held)}")

    def effect(self, news: Mapping[str, Any], olds: Mapping[str, Any]) -> Effect:
        """Return what the API server would make of a change, by a dry run; what it refuses, the preview tells."""
        if has_unknown(news) or self.kind.patch:
            return Effect()
        manager = self.target.manager(news, olds)
        try:
            now = self.target.live({**news, "metadata": {**metadata(news), **_named(olds)}})
            then = self._apply(self.target.body(news, olds), news, manager, dry_run=True)
        except ApiException as error:
            return Effect(replaces=refusals.immutable(error))
        except (UnknownKindError, UnreachableError):
            return Effect()
        return Effect(False, *(living(self.kind, each, news) for each in (now or {}, then)))

    def failed(self, resource_id: str) -> bool:
        """True when the object exists and is not ready."""
        try:
            live = self.target.at(resource_id)
        except UnreachableError:
            return False
        return live is not None and not waiting.judged(self.cluster, self.kind, live).ready

    # -- steps --------------------------------------------------------------------------------------------------

    def _settle(
        self, what: str, body: dict[str, Any], news: Mapping[str, Any], manager: str, seconds: float
    ) -> tuple[str, dict[str, Any]]:
        deadline = time.monotonic() + _LATE_SECONDS
        live: dict[str, Any] | None = None
        while live is None:
            try:
                live = self._apply(self.target.scoped(body), news, manager)
            except (ApiException, UnknownKindError) as error:
                late = isinstance(error, UnknownKindError) or error.status == 404
                if late and time.monotonic() < deadline:
                    self.say("waiting for its namespace or definition")
                    time.sleep(_LATE_PAUSE_SECONDS)
                    continue
                raise self._refused(error, what, news) from None
        if self.kind.patch:
            return identifier(live), living(self.kind, live, news, manager)
        live, reasons = waiting.until_ready(self.cluster, self.kind, live, seconds, self.say)
        outputs = living(self.kind, live, news, manager)
        if reasons:
            hidden_reasons = [refusals.masked(each, news) for each in reasons]
            raise NotReadyError(identifier(live), outputs, hidden_reasons)
        return identifier(live), outputs

    def _apply(
        self, body: dict[str, Any], news: Mapping[str, Any], manager: str, *, dry_run: bool = False
    ) -> dict[str, Any]:
        if "name" not in body["metadata"]:
            return self.cluster.create(body, manager, dry_run=dry_run)
        said = annotation(news, PATCH_FORCE)
        # Client-side apply knows no owners: what the program says overwrites what anybody else set.
        force = is_true(said) if said else self.settings.force or not self.settings.server_side_apply
        return self.cluster.apply(body, manager, force=force, dry_run=dry_run)

    def _elsewhere(self, news: Mapping[str, Any], what: str) -> None:
        """Check an object whose namespace is only planned in one that exists; rules of its own namespace are not seen."""
        body = self.target.body(news)
        body["metadata"]["namespace"] = "default"
        try:
            self.cluster.apply(body, self.target.manager(news), force=True, dry_run=True)
        except ApiException as error:
            if not refusals.needs_other(error) and not refusals.immutable(error):
                raise self._refused(error, what, news) from None

    def _give_up(self, live: Mapping[str, Any], manager: str, what: str) -> None:
        named = {key: live["metadata"][key] for key in ("name", "namespace") if live["metadata"].get(key)}
        body = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": named}
        try:
            self.cluster.apply(body, manager)
        except ApiException as error:
            if error.status != 404:
                raise self._refused(error, what) from None

    def _refuse_taken(self, existing: dict[str, Any] | None, news: Mapping[str, Any]) -> None:
        if self.kind.patch:
            if existing is None and metadata(news).get("name"):
                raise CloudError(
                    "NotFound",
                    f"{self.target.label(news)} does not exist: there is nothing to patch; fix: create it first",
                )
            return
        if existing is None or self.settings.upsert:
            return
        owners = fields.managers(existing)
        if self.target.manager(news) in owners:
            return  # an earlier run made it, and its reply was lost
        raise CloudError(
            "AlreadyExists",
            f"{self.target.label(news)} exists already (managed by {', '.join(owners) or 'nobody'}); fix: import it with id "
            f"{identifier(existing)}, choose another name, or set upsertExistingObjects on the provider",
        )

    def _inputs(self, inputs: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
        before = plain(inputs)
        texts = (
            before.pop("stringData", None) if (self.kind.group, self.kind.kind) == ("", "Secret") else None
        )
        if self.kind.kind == DEFINITION:
            live = to_sdk(live)
        found: dict[str, Any] = fields.overlaid(before, live)
        if texts is not None:
            found["stringData"] = fields.opaque({"stringData": texts}, live)
        kept: dict[str, Any] = hidden(found, inputs)
        return kept

    def _refused(self, error: Exception, what: str, *inputs: Mapping[str, Any]) -> CloudError:
        if isinstance(error, ApiException):
            reason = str(refusals.status(error).get("reason") or f"HTTP {error.status}")
            return CloudError(reason, refusals.masked(refusals.explain(error, what), *inputs))
        return CloudError(
            "NoMatch",
            f"{what}: {self.cluster.name} serves no {self.kind}; fix: apply its CustomResourceDefinition first "
            "(dependsOn), or, where the cluster was made anew, `meridian refresh` what the state still believes in",
        )


def _named(olds: Mapping[str, Any]) -> dict[str, Any]:
    return {key: metadata(olds)[key] for key in ("name", "namespace") if metadata(olds).get(key)}
