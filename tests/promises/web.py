"""The web role, static files, media and proxies."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "web: processes by the pod's CPU limit",
        test="environment/test_cgroup.py::test_cpu_limit",
        old="[_v2(directory) for directory in _upwards(mount, v2_path)]",
        new="[_v2(mount / v2_path.lstrip('/'))]",
    ),
    Row(
        "web: connections are kept for 75 s",
        test="gunicorn/test_options.py::test_gunicorn_understands_it",
        old='keepalive = _env.int("WEB_KEEPALIVE_SECONDS")',
        new="keepalive = 2",
    ),
    Row(
        "web: the application is loaded before the fork",
        test="gunicorn/test_options.py::test_gunicorn_understands_it",
        old="preload_app = True",
        new="preload_app = False",
    ),
    Row(
        "web: a stop is not lost in a process that is being forked",
        test="gunicorn/test_exit.py::test_stop_while_a_process_is_forked",
        old="_stop_before_signals(server)",
        new="pass",
    ),
    Row(
        "web: memory is frozen before the fork",
        test="gunicorn/test_start.py::test_memory_is_shared",
        within="when_ready",
        old="gc.freeze()",
        new="pass",
    ),
    Row(
        "web: the URLconf is warmed before the fork",
        test="gunicorn/test_start.py::test_broken_urlconf_ends_the_start",
        old="_ = get_resolver().url_patterns",
        new="_ = get_resolver()",
    ),
    Row(
        "web: no database connection crosses the fork",
        test="gunicorn/test_start.py::test_no_connection_crosses_the_fork",
        old="for connection in connections.all():",
        new="for connection in ():",
    ),
    Row(
        "web: clients that do not close hold up nobody",
        test="gunicorn/test_exit.py::test_clients_that_do_not_close_hold_up_nobody",
        case="wsgi",
        old="if fs.cancelled() or fs.exception() or fs.result():",
        new="if True:",
    ),
    Row(
        "web: a client that reads late gets its whole answer",
        test="gunicorn/test_exit.py::test_early_answer_survives_an_upload",
        old="if not piece or self._lingering[conn] <= 0:",
        new="if True:",
    ),
    Row(
        "web: idle connections hold up no stop",
        test="gunicorn/test_exit.py::test_idle_connections_are_not_waited_for",
        case="asgi",
        old="connection.close_idle()",
        new="pass",
    ),
    Row(
        "web: a kept connection is told before it closes",
        test="gunicorn/test_exit.py::test_connection_that_was_to_stay_is_told",
        case="asgi",
        old='return True if name == "alive" else getattr(self._worker, name)',
        new="return getattr(self._worker, name)",
    ),
    Row(
        "web: the drain is part of the grace period",
        test="gunicorn/test_options.py::test_graceful_time_out_comes_from_the_grace_period",
        within="_left",
        old='left -= env.int("DRAIN_SECONDS")',
        new="pass",
    ),
    Row(
        "web: the exit is part of the grace period",
        test="gunicorn/test_options.py::test_graceful_time_out_comes_from_the_grace_period",
        within="_left",
        old="- RESERVE_SECONDS[role]",
        new="",
    ),
    Row(
        "web: the last scrape is part of the grace period",
        test="gunicorn/test_options.py::test_graceful_time_out_comes_from_the_grace_period",
        within="_left",
        old="- linger_seconds(env)",
        new="",
    ),
    Row(
        "static: a missing file is never cached",
        test="static_files/test_static_files.py::test_missing_file_is_not_cached",
        old='headers={"Cache-Control": "no-store"}',
        new="headers={}",
    ),
    Row(
        "static: a hashed file is immutable",
        test="static_files/test_static_files.py::test_hashed_and_immutable",
        old='bool(_HASHED.search(url.rpartition("/")[2]) or super().immutable_file_test(path, url))',
        new="False",
    ),
    Row(
        "static: the last release's files stay",
        test="static_files/test_keep_previous.py::test_last_release_is_carried_and_no_more",
        old="shutil.copyfile(source, target)",
        new="pass",
    ),
    Row(
        "static: this release's files are not overwritten",
        test="static_files/test_keep_previous.py::test_last_release_is_carried_and_no_more",
        old="and not target.exists()",
        new="",
    ),
    Row(
        "media: reads are spooled to disk",
        test="media/test_s3.py::test_memory_of_web",
        old='"max_memory_size": 2 * _MEBIBYTE,',
        new='"max_memory_size": 0,',
    ),
    Row(
        "media: one part at a time is in memory",
        test="media/test_s3.py::test_memory_of_web",
        old="use_threads=False, multipart_threshold=5 * _MEBIBYTE, multipart_chunksize=5 * _MEBIBYTE",
        new="",
    ),
    Row(
        "media: an error says what to check",
        test="media/test_s3.py::TestStorage::test_missing_bucket",
        old='"NoSuchBucket": "the bucket does not exist: check MEDIA_S3_BUCKET and MEDIA_S3_ENDPOINT_URL",',
        new="",
    ),
    Row(
        "media: no checksum that other servers refuse",
        test="media/test_s3.py::TestStorage::test_no_checksum_is_added",
        old='request_checksum_calculation="when_required"',
        new='request_checksum_calculation="when_supported"',
    ),
    Row(
        "proxy: only trusted proxies name the client",
        test="middleware/test_trusted_proxy.py::test_address",
        old="if not self.trusts(address):\n    break",
        new="pass",
    ),
    Row(
        "proxy: gunicorn believes trusted proxies only",
        test="gunicorn/test_start.py::test_scheme_and_client_come_from_trusted_proxies_alone",
        old="forwarded_allow_ips = options.trusted_proxies(_env)",
        new='forwarded_allow_ips = "*"',
    ),
    Row(
        "web: the family of the cluster's addresses",
        test="gunicorn/test_options.py::test_address_by_the_family_of_the_cluster",
        old='"[::]" if ":" in os.environ.get("KUBERNETES_SERVICE_HOST", "") else "0.0.0.0"',
        new='"0.0.0.0"',
    ),
    Row(
        "web: the application is found beside the settings",
        test="gunicorn/test_options.py::test_application",
        old="for depth in range(len(packages), 0, -1):",
        new="for depth in ():",
    ),
    Row(
        "static: a file of an earlier release may be kept for ever",
        test="static_files/test_static_files.py::test_file_of_the_last_release",
        old='_HASHED.search(url.rpartition("/")[2]) or',
        new="",
    ),
    Row(
        "static: a missing source map stops no build",
        test="static_files/test_static_files.py::test_missing_source_map",
        old='if urlsplit(unquote(name)).path.strip().endswith(".map"):',
        new="if False:",
    ),
    Row(
        "static: any other missing file stops the build",
        test="static_files/test_static_files.py::test_missing_source_map",
        old='if urlsplit(unquote(name)).path.strip().endswith(".map"):',
        new="if True:",
    ),
]
