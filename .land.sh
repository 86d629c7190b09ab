set -e
cd /work/wt/cockroach
git rebase -q main
.venv/bin/meridian schema --write >/dev/null; git diff --quiet || { echo "schema changed"; exit 1; }
.venv/bin/ruff check -q . && .venv/bin/ruff format --check -q . && .venv/bin/mypy | tail -3 && .venv/bin/lint-imports | tail -1
.venv/bin/pytest -q -x tests/model tests/components tests/program "$@" 2>&1 | tail -4
test ${PIPESTATUS[0]} -eq 0
flock /tmp/meridian-main.lock sh -c 'git rebase main && git -C /work/main merge --ff-only cockroach' 2>&1 | tail -1
