"""``django-k8s update`` and ``django-k8s check``."""

from __future__ import annotations

from promises.row import Row

_EDITS = "adopt/update/test_edits.py"
_UPDATE = "adopt/update/test_command.py"
_RULES = "adopt/check/test_rules.py"
_CHECK = "adopt/check/test_command.py"

ROWS = [
    Row(
        "update: the project's edits stay",
        test=f"{_EDITS}::test_edit_survives",
        old="(ours, base, theirs)",
        new="(theirs, base, theirs)",
    ),
    Row(
        "update: line endings stay",
        test=f"{_EDITS}::test_line_ends_and_rights_stay",
        old='ended.stdout.replace(b"\\n", b"\\r\\n") if windows else ended.stdout',
        new="ended.stdout",
    ),
    Row(
        "update: permissions stay",
        test=f"{_EDITS}::test_line_ends_and_rights_stay",
        old="shutil.copymode(target, path)",
        new="pass",
    ),
    Row(
        "update: a deleted file stays away",
        test=f"{_EDITS}::test_deleted_stays_deleted",
        old='Change(name, "deleted") if known else',
        new="",
    ),
    Row(
        "update: conflicts fail",
        test=f"{_EDITS}::test_conflicts_are_told",
        old="_CONFLICTS if outcome.conflicts else 0",
        new="0",
    ),
    Row(
        "update: an edited file that the new version does not write is kept",
        test=f"{_UPDATE}::test_dropped_file",
        old='"removed" if base is not None and _same(ours, base.encode()) else "kept"',
        new='"removed"',
    ),
    Row(
        "update: a file of the project is not replaced",
        test=f"{_UPDATE}::test_file_of_the_project_in_the_way",
        old='None if _same(ours, theirs) else Change(name, "taken")',
        new='Change(name, "updated", theirs)',
    ),
    Row(
        "update: a failure puts everything back",
        test=f"{_UPDATE}::test_failure_in_the_middle",
        old="for name in reversed(done):",
        new="for name in ():",
    ),
    Row(
        "update: --check writes nothing",
        test=f"{_UPDATE}::test_check_writes_nothing",
        old="if not request.check:\n    exchange(",
        new="if True:\n    exchange(",
    ),
    Row(
        "update: answers stay",
        test=f"{_UPDATE}::test_answers_stay",
        old="made = plan(root, earlier.answers, options",
        new="made = plan(root, {}, options",
    ),
    Row(
        "update: --check is an option",
        test=f"{_UPDATE}::test_check_writes_nothing",
        old="check=given.check",
        new="check=False",
    ),
    Row(
        "check: an address on localhost is found",
        test=f"{_RULES}::test_rule",
        old="_HOST.fullmatch(node.value)",
        new="False",
        case="localhost",
    ),
    Row(
        "check: a value in a branch for development does not count",
        test=f"{_RULES}::test_rule",
        old="if not development(test):",
        new="if True:",
        case="file-cache",
    ),
    Row(
        "check: a task that waits for the commit is no finding",
        test=f"{_RULES}::test_rule",
        old="if isinstance(node, ast.Lambda):\n    inside = False",
        new="pass",
        within="_sent",
        case="delay-in-transaction",
    ),
    Row(
        "check: a placeholder is no secret",
        test=f"{_RULES}::test_rule",
        old="not _PLACEHOLDER.search(match[2].strip())",
        new="True",
        case="secret-file",
    ),
    Row(
        "check: a lock that lacks a package is found",
        test=f"{_RULES}::test_rule",
        old="if package not in locked:",
        new="if False:",
        case="lock-behind",
    ),
    Row(
        "check: a process that nothing runs is found",
        test=f"{_RULES}::test_rule",
        old="if command in _ENDING or subject.runs(command) else",
        new="if True else",
        case="process-not-run",
    ),
    Row(
        "check: what the values run is not missing",
        test=f"{_RULES}::TestDeployment::test_what_values_run",
        old="texts = self.deployment",
        new="texts = {}",
    ),
    Row(
        "check: hosts of the example are found",
        test=f"{_RULES}::TestDeployment::test_hosts",
        old='elif match and re.search(r"example\\.(com|org|net)", match[1]):',
        new="elif False:",
    ),
    Row(
        "check: a comment in the line ignores a finding",
        test=f"{_RULES}::test_ignored_in_the_line",
        old='f"django-k8s: ignore[{one.id}]" in lines[place]',
        new="False",
    ),
    Row(
        "check: errors fail",
        test=f"{_CHECK}::TestStatus::test_errors_fail",
        old="_FOUND if any(one.severity in failing for one in shown) else 0",
        new="0",
    ),
    Row(
        "check: the worst comes first",
        test=f"{_CHECK}::test_json",
        old="key=lambda one: (ORDER.index(one.severity), one.id, one.where)",
        new="key=lambda one: (-ORDER.index(one.severity), one.id, one.where)",
    ),
    Row(
        "check: --strict is an option",
        test=f"{_CHECK}::TestStatus::test_warnings_pass_unless_strict",
        old="strict=given.strict",
        new="strict=False",
    ),
    Row(
        "check: missing migrations are found",
        test=f"{_CHECK}::TestLoaded::test_migrations_missing",
        old='for label, operations in told.get("missing", {}).items():',
        new="for label, operations in ():",
    ),
    Row(
        "check: only the project's own migrations count",
        test=f"{_CHECK}::TestLoaded::test_migrations_missing",
        old="if label in own:\n    missing[label]",
        new="if label not in own:\n    missing[label]",
    ),
]

REASONS = {
    "adopt.check.finding": "holds what a finding is; rows of the rules see each field",
}
