"""`django-k8s up`, `list` and `down`."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "up: a new file makes another tag",
        test="release/test_project.py::test_tag_of_a_changed_tree",
        case="new",
        old='"add", "-A"',
        new='"add", "-u"',
    ),
    Row(
        "up: the repository is left as it is",
        test="release/test_project.py::test_the_repository_is_left_as_it_is",
        old='"GIT_OBJECT_DIRECTORY": folder,',
        new="",
    ),
    Row(
        "up: a cluster elsewhere is no local one",
        test="release/test_kubeconfig.py::test_context",
        old="local=bool(provider) or _is_here(server)",
        new="local=True",
    ),
    Row(
        "up: a cluster elsewhere is confirmed",
        test="release/test_command_line.py::test_a_cluster_elsewhere_is_confirmed",
        old="if context.local or named:",
        new="if True:",
    ),
    Row(
        "up: an image that was loaded is never pulled",
        test="release/test_deliver.py::test_an_image_of_the_same_name_elsewhere",
        old='"IfNotPresent" if self.push else "Never"',
        new='"IfNotPresent"',
    ),
    Row(
        "up: an image that was built anew is loaded again",
        test="release/test_deliver.py::test_what_the_nodes_have",
        old="former_id == image_id(image) and",
        new="",
    ),
    Row(
        "up: a node has what it has started",
        test="release/test_deliver.py::test_a_node_that_does_not_report_it_yet",
        old="on_node |= _started(pod)",
        new="_started(pod)",
    ),
    Row(
        "up: a build that fails says why",
        test="release/test_build.py::test_the_step_that_failed",
        old="{printed[-1].strip()}",
        new="{broken}",
    ),
    Row(
        "up: a missing program is named",
        test="release/test_programs.py::test_missing",
        old="if path is None:",
        new="if False:",
        within="find",
    ),
    Row(
        "up: names are those of DNS",
        test="release/test_record.py::test_name_that_cannot_be",
        old='re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", text) is not None',
        new="True",
    ),
    Row(
        "up: a lifetime that is none is refused",
        test="release/test_command_line.py::test_wrong_command_line",
        case="90m",
        old="record.lifetime(chosen.expires) if chosen.expires else None",
        new="None",
    ),
    Row(
        "up: secrets that git would commit are refused",
        test="release/test_secrets.py::test_secrets_that_would_be_committed",
        old="if file.exists() and not is_ignored(project, file):",
        new="if False:",
    ),
    Row(
        "up: no variable leads to another database",
        test="release/test_secrets.py::test_names",
        old="if name not in _CHARTS_OWN",
        new="",
    ),
    Row(
        "up: Helm is not called without its files",
        test="release/test_output.py::test_values_of_the_command_line",
        old="if missing:",
        new="if False:",
        within="options",
    ),
    Row(
        "up: the address says how the host is reached",
        test="release/test_output.py::test_address_of_a_host",
        old="'https' if secure else 'http'",
        new="'https'",
    ),
    Row(
        "up: a log has no status lines",
        test="release/test_output.py::test_lines",
        old="if self.is_terminal:",
        new="if True:",
    ),
    Row(
        "up: Ctrl-C is no success",
        test="release/test_command_line.py::test_interrupted",
        within="finish",
        old="return INTERRUPTED",
        new="return 0",
    ),
    Row(
        "up: what may pass has its time",
        test="release/test_watch.py::test_after_its_time",
        old=">= one.seconds",
        new=">= 0",
    ),
    Row(
        "up: the likely cause comes first",
        test="release/test_watch.py::test_every_kind_has_a_rank",
        old="return RANKS.index(self.kind)",
        new="return -RANKS.index(self.kind)",
    ),
    Row(
        "up: secrets are masked in what a container said",
        test="release/test_words.py::test_secrets_are_masked",
        old="[mask(part) for part in _readable(line)]",
        new="_readable(line)",
    ),
    Row(
        "up: restarts of a container that is ready are past",
        test="release/test_diagnosis.py::test_what_is_past_does_not_count",
        old='if status.get("ready") and not init:',
        new="if False:",
    ),
    Row(
        "up: a pod without a node is told",
        test="release/test_diagnosis.py::test_cause",
        case="unschedulable",
        old='condition.get("status") == "False"',
        new='condition.get("status") == "Unknown"',
    ),
    Row(
        "up: pods of the release before do not count",
        test="release/test_diagnosis.py::test_a_release_before_does_not_count",
        old="and name not in sets",
        new="and False",
    ),
    Row(
        "list: an environment expires",
        test="release/test_record.py::test_expiry",
        old="self.expires <= now",
        new="self.expires < now",
    ),
    Row(
        "list: ages are in one unit",
        test="release/test_record.py::test_age",
        old='or (unit == "d" and seconds >= size)',
        new="",
    ),
    Row(
        "down: a name beside --expired is refused",
        test="release/test_command_line.py::test_wrong_command_line",
        case="Leave",
        old="chosen.expired and (chosen.environment or chosen.namespace)",
        new="False",
    ),
    Row(
        "down: a namespace that up did not make stays",
        test="release/test_place.py::test_whose_namespace_it_is",
        old="held.get(name) == value for name, value in labels(project, environment).items()",
        new="True for _ in labels(project, environment)",
    ),
]
