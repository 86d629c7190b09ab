"""Evidence for auditors: what was checked of each control, when, how, with what result, and what was not checked."""
