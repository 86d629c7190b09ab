"""Creates, reads, changes and deletes resources in an inventory, refusing what a cloud refuses."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meridian.local import outputs
from meridian.local.clouds import Cloud, Context
from meridian.local.clouds.aws_names import GLOBAL
from meridian.local.clouds.context import Judging, Neighbour
from meridian.local.errors import CloudError
from meridian.local.faults import Faults
from meridian.local.inventory import Inventory, Record
from meridian.local.references import BY_NAME, handles, uses
from meridian.local.schema import ResourceType
from meridian.protocol.values import Secret, plain, strings

_PROTECTED = {
    "gcp:container/cluster:Cluster": "deletionProtection",
    "aws:eks/cluster:Cluster": "deletionProtection",
}
_KEYS = frozenset({"gcp:kms/cryptoKey:CryptoKey", "aws:kms/key:Key"})


class LostReplyError(RuntimeError):
    """The change was made; the caller must behave as if the connection had broken."""


@dataclass(frozen=True)
class Store:
    """One environment's part of one cloud."""

    cloud: Cloud
    cloud_name: str
    environment: str
    inventory: Inventory
    faults: Faults

    def create(
        self, resource: ResourceType, urn: str, inputs: dict[str, Any], settings: Mapping[str, Any]
    ) -> Record:
        """Make a resource and return it; raises CloudError."""
        self.faults.before(resource.token, "create")
        lost = self.inventory.lost(self.environment, resource.token, urn)
        context = self._context(resource, urn, inputs, settings)
        if lost is not None:
            # An earlier run's reply was lost after the change was made: take it over instead of making a second one.
            if lost.name == context.name:
                return self._rewrite(lost, context, inputs)
            # It was given another name then, which the engine never heard of: nobody can be using it.
            self.inventory.remove(lost.row)
        self._judge(context)
        scope = self.cloud.scope(context)
        self._refuse_taken_name(context, scope)
        self._refuse_dangling(context)
        identifier = self.cloud.identify(context)
        place = self.place(resource.token, {**settings, **_region(context.inputs)})
        if self.inventory.by_id(self.environment, resource.token, identifier, place):
            raise CloudError(
                "AlreadyExists",
                f"{context.kind} {identifier!r} exists already; fix: import it, or choose another name",
            )
        told = outputs.first(resource, self.cloud.computed(context, identifier), inputs)
        if resource.token in _KEYS:
            # The key service's own: real random bytes, sealed in the inventory, never part of an answer.
            told["$material"] = Secret(base64.b64encode(secrets.token_bytes(32)).decode())
        record = Record(
            0,
            self.cloud_name,
            self.environment,
            resource.token,
            identifier,
            context.name,
            urn,
            inputs,
            told,
            False,
        )
        self.inventory.add(record, scope, handles(self.inventory, record), uses(inputs), place)
        made = self.inventory.by_id(self.environment, resource.token, identifier, place)
        assert made is not None
        if self.faults.loses_reply(resource.token, "create"):
            raise LostReplyError(f"the reply to the creation of {identifier} was lost")
        return made

    def place(self, token: str, settings: Mapping[str, Any]) -> str:
        """Return the region where ids of a type are only unique by region, else nothing."""
        return (
            str(settings.get("region") or "")
            if self.cloud_name == "aws" and token.split(":")[1].split("/")[0] not in GLOBAL
            else ""
        )

    def heard(self, token: str, identifier: str, settings: Mapping[str, Any]) -> None:
        """Note that the engine knows of a resource: it named it by its id.

        A resource that was made but never named since has an engine that died, or lost the reply: the next creation
        for its URN takes it over.
        """
        self.inventory.acknowledge(self.environment, token, identifier, self.place(token, settings))

    def read(self, token: str, identifier: str, settings: Mapping[str, Any]) -> Record | None:
        """Return what exists, None for nothing."""
        self.faults.before(token, "read")
        if isinstance(self.cloud, Judging):
            identifier = self.cloud.known_as(token, identifier)
        self.heard(token, identifier, settings)
        return self.inventory.by_id(self.environment, token, identifier, self.place(token, settings))

    def update(
        self, resource: ResourceType, identifier: str, inputs: dict[str, Any], settings: Mapping[str, Any]
    ) -> Record:
        """Change a resource in place and return it; raises CloudError."""
        self.faults.before(resource.token, "update")
        record = replace(self._existing(resource.token, identifier, settings), acknowledged=True)
        context = self._context(resource, record.urn, inputs, settings)
        self._judge(context)
        self._refuse_dangling(context)
        changed = self._rewrite(record, context, inputs)
        if self.faults.loses_reply(resource.token, "update"):
            raise LostReplyError(f"the reply to the change of {identifier} was lost")
        return changed

    def delete(self, token: str, identifier: str, settings: Mapping[str, Any]) -> Record | None:
        """Delete a resource and return it, None when it is gone already; raises CloudError while it is in use."""
        self.faults.before(token, "delete")
        record = self.inventory.by_id(self.environment, token, identifier, self.place(token, settings))
        if record is None:
            return None
        guard = _PROTECTED.get(token)
        if guard and plain(record.inputs.get(guard)) is True:
            raise CloudError("FailedPrecondition", f"{identifier} has {guard} on; fix: switch it off first")
        users = self.inventory.dependants(record)
        if users:
            self._refuse_use(token, identifier, users)
        self.inventory.remove(record.row)
        if self.faults.loses_reply(token, "delete"):
            raise LostReplyError(f"the reply to the deletion of {identifier} was lost")
        return record

    def _refuse_use(self, token: str, identifier: str, users: list[Record]) -> None:
        if isinstance(self.cloud, Judging):
            named = [f"{user.token.rsplit(':', 1)[1]} {user.name}" for user in users]
            refusal = self.cloud.in_use(token, identifier, named)
            if refusal is not None:
                raise refusal
            return
        shown = ", ".join(f"{user.token.rsplit(':', 1)[1]} {user.id}" for user in users[:3])
        raise CloudError("DependencyViolation", f"{identifier} is in use by {shown}; fix: delete that first")

    def keep(self, record: Record, more: Mapping[str, Any]) -> Record:
        """Store outputs that became known after the creation, such as a control plane's address."""
        changed = replace(record, outputs={**record.outputs, **more})
        self.inventory.replace(changed, handles(self.inventory, changed), uses(changed.inputs))
        return changed

    def _existing(self, token: str, identifier: str, settings: Mapping[str, Any]) -> Record:
        record = self.inventory.by_id(self.environment, token, identifier, self.place(token, settings))
        if record is None:
            raise CloudError(
                "NotFound", f"{token} {identifier} does not exist; fix: `meridian refresh`, then up"
            )
        return record

    def _context(
        self, resource: ResourceType, urn: str, inputs: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Context:
        def find(value: str) -> Mapping[str, Any] | None:
            named = self.inventory.named(self.environment, value)
            return named.outputs if named else None

        return Context(
            resource,
            _name(urn, inputs),
            plain(inputs),
            settings,
            find,
            lambda token: self.others(token, but=urn),
        )

    def others(self, token: str, but: str = "") -> list[Neighbour]:
        """Return the environment's resources of a type, of whichever cloud."""
        found = self.inventory.all(environment=self.environment, token=token)
        return [Neighbour(record.id, plain(record.outputs)) for record in found if record.urn != but]

    def _judge(self, context: Context) -> None:
        if isinstance(self.cloud, Judging):
            self.cloud.refuse(context)

    def _rewrite(self, record: Record, context: Context, inputs: dict[str, Any]) -> Record:
        computed = self.cloud.computed(context, record.id)
        told = outputs.changed(context.resource, record.outputs, computed, inputs)
        changed = replace(record, inputs=inputs, outputs=told)
        self.inventory.replace(changed, handles(self.inventory, changed), uses(inputs))
        return changed

    def _refuse_taken_name(self, context: Context, scope: str) -> None:
        if not any(key in context.inputs for key in ("name", "bucket", "accountId", "nodeGroupName")):
            return
        holder = self.inventory.by_name(context.token, scope, context.name)
        if holder is not None:
            raise CloudError(
                "AlreadyExists",
                f"the name {context.name!r} is taken by {holder.id}; fix: choose another name, or import that one",
            )

    def _refuse_dangling(self, context: Context) -> None:
        for text in set(strings(context.inputs)):
            if self.cloud.reference(text) and self.inventory.named(self.environment, text) is None:
                raise CloudError(
                    "NotFound",
                    f"{context.kind} {context.name!r} names {text!r}, which does not exist; fix: create it first",
                )
        for (token, field), target in BY_NAME.items():
            if token != context.token:
                continue
            name, place = (
                context.inputs.get(field),
                self.place(target, {**context.settings, **_region(context.inputs)}),
            )
            if isinstance(name, str) and not self.inventory.by_id(self.environment, target, name, place):
                raise CloudError(
                    "ResourceNotFoundException", f"{field} {name!r} does not exist; fix: create it first"
                )


def _region(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's own region goes before its provider's."""
    return {"region": inputs["region"]} if inputs.get("region") else {}


def _name(urn: str, inputs: Mapping[str, Any]) -> str:
    for key in ("name", "bucket", "accountId", "nodeGroupName"):
        value = plain(inputs.get(key))
        if isinstance(value, str) and value:
            return value
    return urn.rsplit("::", 1)[-1]
