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
]
