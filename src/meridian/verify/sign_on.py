"""Who may sign on to a cluster with a token: one good token is taken, and each way of being wrong is refused."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from meridian.verify.catalogue import SIGN_ON
from meridian.verify.result import Checked, judged, not_applicable

Sign = Callable[[Mapping[str, Any]], str]
_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_EMAIL, _GROUP = "verify@meridian.example", "verify-group"


def check(
    cluster: str,
    url: str,
    ca_pem: str,
    trust: Mapping[str, str],
    sign: Sign,
    foreign: Sign,
    patience: float = 15.0,
) -> Checked:
    """Return whether the tokens of the cluster's issuer are taken, and wrong ones refused.

    `trust` is what the cluster was told (issuer_url, client_id, claims); `sign` signs as the issuer, `foreign` with
    another key; `patience` is how many seconds a cluster that was just told of its issuer gets to know it.
    """
    if not trust:
        return not_applicable(
            SIGN_ON, cluster, "no OpenID provider: GKE signs people on by their Google accounts"
        )
    now = int(time.time())
    good = {
        "iss": trust["issuer_url"],
        "aud": trust["client_id"],
        "sub": "verify",
        trust.get("username_claim", "sub"): _EMAIL,
        trust.get("groups_claim", "groups"): [_GROUP],
        "iat": now,
        "exp": now + 300,
    }
    wrong = {
        "another issuer": sign({**good, "iss": "https://elsewhere.invalid"}),
        "another audience": sign({**good, "aud": "another"}),
        "expired": sign({**good, "iat": now - 7200, "exp": now - 3600}),
        "alg none": _unsigned(good),
        "another key": foreign(good),
        "a system group": sign({**good, trust.get("groups_claim", "groups"): ["system:masters"]}),
    }
    context = ssl.create_default_context(cadata=ca_pem)
    with httpx.Client(base_url=url, verify=context, timeout=10, trust_env=False) as http:
        status, user = _ask(http, sign(good))
        # An API server fetches a new issuer's keys every ten seconds until it has them: until then it knows nobody.
        deadline = time.monotonic() + patience
        while status == 401 and time.monotonic() < deadline:
            time.sleep(1)
            status, user = _ask(http, sign(good))
        taken = sorted(name for name, token in wrong.items() if _ask(http, token)[0] != 401)
    groups = user.get("groups") or []
    signed_on = status == 201 and str(user.get("username", "")).endswith(_EMAIL) and _GROUP in groups
    return judged(
        SIGN_ON,
        cluster,
        f"asked who a token's bearer is: with a good token, and with {', '.join(wrong)}",
        f"the good one is {_EMAIL} in {_GROUP}; every other is refused with 401",
        f"{status} {user.get('username', 'nobody')} in {', '.join(groups) or 'no group'}; "
        f"{'taken: ' + ', '.join(taken) if taken else f'all {len(wrong)} others refused'}",
        signed_on and not taken,
    )


def _ask(http: httpx.Client, token: str) -> tuple[int, dict[str, Any]]:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = http.post(_REVIEW, json=body, headers={"Authorization": f"Bearer {token}"})
    said = answer.json() if answer.status_code == 201 else {}
    return answer.status_code, dict((said.get("status") or {}).get("userInfo") or {})


def _unsigned(claims: Mapping[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])
