"""Daemons: their heartbeat, their stop, what the chart makes of them, and what `django-k8s run` starts."""

from __future__ import annotations

from promises.row import Row

_DAEMON, _CHART = "daemon/test_daemon.py::", "chart/test_render.py::"

ROWS = [
    Row(
        "daemon: one that needs heartbeats is not ready before the first",
        test=f"{_DAEMON}test_ready_with_its_first_heartbeat",
        old='needed=options.role != "daemon" or env.bool("DAEMON_HEARTBEAT")',
        new='needed=options.role != "daemon"',
    ),
    Row(
        "daemon: a loop that hangs is seen",
        test=f"{_DAEMON}test_a_loop_that_hangs_is_seen",
        old='beat.write(**({} if within is None else {"within": within}))',
        new="beat.write(within=9999)",
        case="false",
    ),
    Row(
        "daemon: heartbeats count from the first one on",
        test="probe/test_judge.py::test_heartbeats_that_need_not_be",
        old="self._written = self._written or bool(beats)",
        new="pass",
    ),
    Row(
        "daemon: without heartbeats its process is enough",
        test="probe/test_judge.py::test_heartbeats_that_need_not_be",
        within="Judge.live",
        old="if not (self.needed or self._written):",
        new="if not self._written and self.needed:",
    ),
    Row(
        "daemon: a heartbeat says when the next one comes",
        test="probe/test_judge.py::test_a_longer_round",
        old='beat.get("within", self.limits.staleness)',
        new="self.limits.staleness",
    ),
    Row(
        "daemon: a heartbeat has no effect in another role",
        test=f"{_DAEMON}test_nothing_outside_of_the_role",
        old='elif startup.env().str("ROLE") == "daemon":',
        new="elif True:",
    ),
    Row(
        "daemon: each process has a heartbeat of its own",
        test=f"{_DAEMON}test_forked_loops_have_heartbeats_of_their_own",
        old="if _written and _written[0] == pid:",
        new="if _written:",
    ),
    Row(
        "daemon: SIGTERM is Ctrl-C for a command without a handler",
        test=f"{_DAEMON}test_sigterm_reaches_the_command",
        old="stop.install()",
        new="",
        case="none",
    ),
    Row(
        "daemon: what it forked ends at SIGTERM",
        test=f"{_DAEMON}test_a_forked_process_ends_at_once",
        old="if os.getpid() != self._pid:",
        new="if False:",
    ),
    Row(
        "daemon: every line is JSON",
        test=f"{_DAEMON}test_every_line_is_json",
        old="  migrate | wait | daemon) run_role=yes ;;",
        new="  migrate | wait) run_role=yes ;;",
    ),
    Row(
        "daemon: another program of Python is one, too",
        test=f"{_DAEMON}test_another_program",
        old='if [ "$1" = -m ]; then shift; fi',
        new="",
        case="module",
    ),
    Row(
        "daemon: no command is one sentence",
        test=f"{_DAEMON}test_no_command",
        old="'' | -*) fail 64 \"the role daemon needs",
        new="'') fail 64 \"the role daemon needs",
    ),
    Row(
        "daemon: RQ's worker is seen to hang",
        test="daemon/test_rq.py::test_a_worker_that_hangs",
        within="Judge._silent",
        old='now - beat["at"] >',
        new='now - beat["at"] > 1e9 +',
    ),
    Row(
        "chart: a daemon is ready if its port takes connections",
        test=f"{_CHART}test_daemons",
        old="tcpSocket: {port: {{ .port }}}",
        new='exec: {command: ["true"]}',
    ),
    Row(
        "chart: a daemon that must not run twice is replaced by Recreate",
        test=f"{_CHART}test_daemons",
        old='{{- if eq .strategy "Recreate" }}',
        new="{{- if false }}",
    ),
    Row(
        "chart: a secret in a daemon's env is refused",
        test="chart/test_values.py::test_guards",
        old='list "workers" "daemons" "jobs" "cronJobs"',
        new='list "workers" "jobs" "cronJobs"',
        case="daemons.a.env.API_TOKEN",
    ),
    Row(
        "run: daemons have a state of their own",
        test="cli/test_run_daemons.py::test_daemons_of_the_record_and_of_the_command_line",
        old='more["STATE_DIR"] = f"{self.env[\'STATE_DIR\']}/{part.name}"',
        new="pass",
    ),
    Row(
        "run: the record of another repository is not read",
        test="cli/test_run_daemons.py::test_the_record_of_another_repository_is_not_ours",
        within="recorded",
        old='if (folder / ".git").exists():',
        new="if False:",
    ),
    Row(
        "media: two buckets are refused",
        test="settings/test_settings.py::TestFiles::test_two_buckets",
        old="if len(found) > 1:",
        new="if len(found) > 9:",
    ),
    Row(
        "media: a dead server of Google is said in seconds",
        test="media/test_gcs.py::test_dead_server",
        old="_ATTEMPTS = 3",
        new="_ATTEMPTS = 999",
    ),
    Row(
        "media: an identity without a key asks Google's API to sign",
        test="media/test_gcs.py::test_links_are_signed_by_the_identity",
        old='return {"service_account_email": email, "access_token": self.credentials.token}',
        new="return {}",
    ),
    Row(
        "media: a missing container of Azure names its variable",
        test="media/test_azure.py::test_missing_container",
        old='"ContainerNotFound": ',
        new='"Another": ',
    ),
    Row(
        "media: the health check asks for the bucket",
        test="media/test_azure.py::test_missing_container",
        within="AzureMedia.check",
        old="self.client.get_container_properties()",
        new="pass",
    ),
    Row(
        "media: an overlay keeps the options of a storage of the same kind",
        test="overlay/test_overlay.py::TestFiles::test_other_buckets",
        old='project.get("BACKEND") not in kind.theirs',
        new="True",
    ),
]
