"""The locks of databases; MySQL and MariaDB."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "sqlite: a removed lock file lets nobody in",
        test="migrate/test_locks.py::test_removed_lock_file_lets_nobody_in",
        old="if _is_at(file, path):",
        new="if True:",
    ),
    Row(
        "sqlite: the lock leaves no file behind",
        test="migrate/test_locks.py::test_removed_lock_file_lets_nobody_in",
        old="self._path.unlink()",
        new="pass",
    ),
    Row(
        "mysql: one session holds the lock",
        test="migrate/test_locks.py::test_one_session_holds_the_lock",
        case="mariadb",
        old="SELECT GET_LOCK(%(key)s, 0)",
        new="SELECT 1",
    ),
    Row(
        "mysql: of two that migrate, one applies",
        test="migrate/test_mysql.py::test_two_at_once",
        old="SELECT GET_LOCK(%(key)s, 0)",
        new="SELECT 1",
    ),
    Row(
        "mysql: of two beats, one publishes",
        test="celery/test_beat_mysql.py::test_two_at_once",
        old='"SELECT IS_USED_LOCK(%(key)s) = CONNECTION_ID()"',
        new='"SELECT 1"; try_lock = is_held',
    ),
    Row(
        "mysql: the lock is the database's",
        test="migrate/test_mysql.py::test_lock_belongs_to_the_database",
        old="""/{self.connection.settings_dict['NAME']}\"""",
        new='"',
    ),
    Row(
        "mysql: a lock may have a long name",
        test="migrate/test_mysql.py::test_long_names_are_different_locks",
        old="{self.name[:31]}.",
        new="{self.name}.",
    ),
    Row(
        "mysql: a silent holder loses the lock",
        test="migrate/test_mysql.py::test_silent_holder_loses_the_lock",
        old='limits = {"wait_timeout": str(silence)}',
        new="limits = {}",
    ),
    Row(
        "mysql: a migration may be silent",
        test="migrate/test_mysql.py::test_migrating_session_may_be_silent",
        old='"wait_timeout": "31536000"',
        new="",
    ),
    Row(
        "mysql: migrate waits briefly for a table",
        test="migrate/test_mysql.py::test_table_in_use_is_waited_for",
        case="table",
        old='"lock_wait_timeout": str(lock_seconds),',
        new="",
    ),
    Row(
        "mysql: migrate waits briefly for a row",
        test="migrate/test_mysql.py::test_table_in_use_is_waited_for",
        case="row",
        old='"innodb_lock_wait_timeout": str(lock_seconds),',
        new="",
    ),
    Row(
        "mysql: migrate knows a lock timeout",
        test="migrate/test_mysql.py::test_table_that_stays_in_use",
        old="error.args[:1] == (1205,)",
        new="False",
    ),
    Row(
        "mysql: migrate says where open transactions are",
        test="migrate/test_mysql.py::test_table_that_stays_in_use",
        old='"information_schema.innodb_trx"',
        new='"pg_stat_activity"',
    ),
    Row(
        "mysql: migrate says that a part may be applied",
        test="migrate/test_mysql.py::test_failure_may_leave_a_part",
        within="explain",
        old="migration.atomic and connection.features.can_rollback_ddl",
        new="migration.atomic",
    ),
    Row(
        "mysql: a server that freezes is given up",
        test="health/test_mysql.py::test_server_that_freezes",
        old='"read_timeout": seconds,',
        new="",
    ),
    Row(
        "mysql: a silent port is given up",
        test="health/test_mysql.py::test_database_that_never_answers",
        old='"read_timeout": seconds,',
        new="",
    ),
    Row(
        "mysql: a kept connection that died is replaced",
        test="health/test_mysql.py::test_kept_connection_that_the_server_ended",
        within="with_options",
        old='"CONN_HEALTH_CHECKS": True,',
        new="",
    ),
    Row(
        "mysql: statements have a timeout",
        test="settings/test_mysql.py::test_timeouts",
        old="/*M! max_statement_time={statement} */",
        new="/*M! max_statement_time=60 */",
    ),
    Row(
        "mysql: variables of the project are added to the timeouts",
        test="settings/test_mysql.py::test_variables_of_the_project_are_added",
        old='merged["init_command"] =',
        new="_ =",
    ),
    Row(
        "mysql: a transaction's mode is not added to them",
        test="settings/test_mysql.py::test_other_command_of_the_project_replaces_ours",
        old=r"(?!.*\btransaction\b)",
        new="",
    ),
    Row(
        "mysql: what is PostgreSQL's is refused",
        test="settings/test_mysql.py::test_what_is_postgresqls_is_refused",
        old="if read(name):",
        new="if False:",
    ),
]
