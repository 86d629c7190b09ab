"""What the resolver of nodes' names answers itself and whom it asks for the rest; a pure function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_OWN = """{host}:{port} {{
    errors
    rewrite stop name exact {host}. {service}. answer auto
    forward . /etc/resolv.conf
    cache 5
}}
"""
_OTHER = """{host}:{port} {{
    errors
    forward . {servers} {{
        force_tcp
        policy sequential
        health_check 5s
        max_fails 2
    }}
    cache 30 {{
        serve_stale 1h
    }}
}}
"""
_REST = """.:{port} {{
    errors
    ready :8181
    health :8081
    forward . /etc/resolv.conf
    cache 30
}}
"""


def corefile(port: int, own: Mapping[str, str], others: Mapping[str, Sequence[str]]) -> str:
    """Return CoreDNS's configuration.

    `own` maps a node's name to the service that has its address here, and `others` maps a node's name to the fixed
    addresses of its cluster's resolver. Answers of others are served stale for an hour: a lost path between clusters is
    no reason to forget where the nodes are.
    """
    blocks = [_OWN.format(host=host, port=port, service=service) for host, service in sorted(own.items())] + [
        _OTHER.format(host=host, port=port, servers=" ".join(servers))
        for host, servers in sorted(others.items())
    ]
    return "".join([*blocks, _REST.format(port=port)])
