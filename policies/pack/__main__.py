"""`pulumi preview --policy-pack policies/pack`: serves the rules to the engine and never returns."""

import os

from pulumi_policy import PolicyPack

from policies.load import load
from policies.pack.translate import environment_of, policies_of

PolicyPack("meridian", policies_of(load(), environment_of(os.environ), os.environ))
