"""Beat that is seen when it publishes nothing, and survives what happens to its database and broker."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "beat: a name that the table cannot hold is refused",
        test="celery/test_beat_silence.py::test_names_that_the_table_cannot_hold",
        old="_check_name(name)\ntry:",
        new="try:",
    ),
    Row(
        "beat: a schedule that fails stops no other",
        test="celery/test_beat_silence.py::test_an_entry_that_fails_stops_no_other",
        within="Plan.set",
        old="except Exception as error:",
        new="except KeyError as error:",
    ),
    Row(
        "beat: a message that cannot be made stops no other",
        test="celery/test_beat_silence.py::test_an_entry_that_fails_stops_no_other",
        within="Loop._send",
        old="except NoMessage as error:",
        new="except KeyError as error:",
    ),
    Row(
        "beat: the heartbeat says that nothing is published",
        test="celery/test_beat_silence.py::test_broker_away",
        within="Outage.fields",
        old='{"state": "blocked", "since": self.since[1]} if self.since else {}',
        new="{}",
    ),
    Row(
        "beat: it is late from its start on",
        test="celery/test_beat_silence.py::test_start_on_a_read_only_database",
        within="BeatProcess.beat",
        old="due = min(self.outage.since[0], due or self.outage.since[0])",
        new="pass",
    ),
    Row(
        "beat: a read-only database is noticed before anything is published",
        test="celery/test_beat_silence.py::test_database_turns_read_only",
        case="ours",
        within="published",
        old="if not rows.filter(name=name, due=last).update(due=due, published_at=datetime.now(UTC)):\n    raise Changed\nyield",
        new="yield\nif not rows.filter(name=name, due=last).update(due=due, published_at=datetime.now(UTC)):\n    raise Changed",
    ),
    Row(
        "beat: another class outlives a read-only database",
        test="celery/test_beat_silence.py::test_database_turns_read_only",
        case="another",
        within="LockedSchedulerMixin.tick",
        old="except (DatabaseError, InterfaceError) as error:",
        new="except InterfaceError as error:",
    ),
    Row(
        "beat: another class says that the broker takes nothing",
        test="celery/test_beat_silence.py::test_broker_away",
        case="another",
        within="LockedSchedulerMixin.apply_async",
        old="self._failure = error",
        new="pass",
    ),
    Row(
        "beat: a holder that publishes nothing is noticed",
        test="celery/test_beat_silence.py::test_somebody_else_holds_the_lock",
        old='self._process.outage.goes_on("another beat holds the lock and publishes nothing")',
        new="pass",
    ),
    Row(
        "beat: one that publishes nothing is not ready after a time",
        test="probe/test_judge.py::test_blocked",
        old='if now - beat["since"] <= BLOCKED_SECONDS',
        new="if True",
    ),
    Row(
        "locks: a pooler that nobody declared is refused",
        test="migrate/test_pgbouncer.py::test_pooler_that_nobody_declared",
        old="if len(ours) > 1 or ours & others:",
        new="if False:",
    ),
    Row(
        "locks: a pooler in session mode is not",
        test="migrate/test_pgbouncer.py::test_pooler_in_session_mode",
        old="if len(ours) > 1 or ours & others:",
        new="if True:",
    ),
    Row(
        "worker: a Redis that became a replica does not end it",
        test="celery/test_failover_redis.py::test_disturbed",
        case="read-only",
        old='"broker_channel_error_retry": True,',
        new="",
    ),
    Row(
        "worker: attempts at a broker that refuses are paced",
        test="celery/test_failover_redis.py::test_worker_starts_at_a_read_only_redis",
        old="time.sleep(PACE_SECONDS)",
        new="pass",
    ),
    Row(
        "worker: malformed messages do not end it",
        test="celery/test_malformed.py::test_malformed_messages",
        old='app.steps["consumer"].add(RejectMalformed)',
        new="pass",
    ),
    Row(
        "databases: a server that takes no writes any more is left",
        test="health/test_read_only_database.py::test_a_server_that_refuses_writes_is_left",
        within="_watch",
        old="leave(connection)",
        new="pass",
    ),
    Row(
        "databases: a replica is kept",
        test="health/test_read_only_database.py::test_a_replica_is_kept",
        old="if not (recently and reads_only(connection.connection)):",
        new="if not reads_only(connection.connection):",
    ),
    Row(
        "wait: a wrong password is final",
        test="migrate/test_wait.py::test_a_refusal_is_final",
        old="refused + _REFUSED_SECONDS if refused else end",
        new="end",
    ),
    Row(
        "migrate: a refusal is status 78",
        test="migrate/test_wait.py::test_a_missing_database_is_status_78",
        old="except (ImproperlyConfigured, Refused) as error:",
        new="except ImproperlyConfigured as error:",
    ),
]
