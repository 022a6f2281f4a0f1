"""The chart: what can be seen of secrets, what disks take, and what runs once."""

from __future__ import annotations

from promises.row import Row

_RENDER, _VALUES, _PROGRAMS = "chart/test_render.py::", "chart/test_values.py::", "chart/test_programs.py::"

ROWS = [
    Row(
        "chart: no annotation tells a seed",
        test=f"{_RENDER}test_nothing_tells_a_seed_by_what_can_be_seen",
        old='(include "django.config" .) (toJson .Values.files)',
        new='(include "django.config" .) (include "django.stagingData" .)',
        within="_pod.tpl",
        case="staging-everything",
    ),
    Row(
        "chart: guessing a seed is slow",
        test=f"{_RENDER}test_guessing_a_seed_is_slow",
        old='derivePassword 1 "maximum" .root.Values.staging.secretSeed $place .what',
        new='printf "%s/%s/%s" .root.Values.staging.secretSeed $place .what',
    ),
    Row(
        "chart: a seed that can be guessed is refused",
        test=f"{_VALUES}test_guards",
        old="if or (not $digits) $repeats (not $varied)",
        new="if lt (len $seed) 16",
        case="openssl",
    ),
    Row(
        "chart: a seed that repeats itself is refused",
        test=f"{_VALUES}test_guards",
        old="if or (not $digits) $repeats (not $varied)",
        new="if or (not $digits) (not $varied)",
        case="openssl",
    ),
    Row(
        "chart: a seed that counts up is refused",
        test=f"{_VALUES}test_guards",
        old="if or (not $digits) $repeats (not $varied)",
        new="if or (not $digits) $repeats",
        case="openssl",
    ),
    Row(
        "chart: a secret variable of the table is refused in env",
        test=f"{_VALUES}test_what_looks_secret_is_refused",
        old="or (has .name .secrets) (regexMatch $named .name)",
        new='or false (regexMatch "KEY$" .name)',
        case="SECRET_KEY_FALLBACKS",
    ),
    Row(
        "chart: a name like that of a secret is refused in env",
        test=f"{_VALUES}test_what_looks_secret_is_refused",
        old="or (has .name .secrets) (regexMatch $named .name)",
        new="or (has .name .secrets)",
        case="GITHUB_PAT",
    ),
    Row(
        "chart: credentials in a URL are refused in env",
        test=f"{_VALUES}test_what_looks_secret_is_refused",
        old="://[^@\\\\s]*:[^\\\\s]*@",
        new="://[^/]*:[^/]*@",
        case="EMAIL_URL",
    ),
    Row(
        "chart: a secret in an object of env is refused",
        test=f"{_VALUES}test_what_looks_secret_is_refused",
        old='(kindIs "map" $value | ternary $value dict) "value"',
        new='(kindIs "map" $value | ternary $value dict) "nothing"',
        case="SENTRY_DSN",
    ),
    Row(
        "chart: names that only resemble those of secrets are rendered",
        test=f"{_VALUES}test_what_is_harmless_is_rendered",
        old='printf "(?i)(^|_)(%s|%s)S?%s$"',
        new='printf "(?i)(%s|%s)S?%s"',
    ),
    Row(
        "chart: RELEASE and ENVIRONMENT hold no command",
        test=f"{_VALUES}test_guards",
        old='(list "ENVIRONMENT" "RELEASE")',
        new='(list "NOTHING")',
        case="other characters than letters",
    ),
    Row(
        "chart: an alias of a secret stays in its Secret",
        test=f"{_RENDER}test_aliases",
        old='set $.into $name (dict "valueFrom" (dict "secretKeyRef" $key)) -}}\n{{- else if $secret',
        new='set $.into $name (dict "value" "x") -}}\n{{- else if $secret',
        within="_aliases.tpl",
    ),
    Row(
        "chart: an alias that the Secret lacks takes nothing away",
        test=f"{_RENDER}test_aliases",
        old='"key" $of "optional" true',
        new='"key" $of',
    ),
    Row(
        "chart: an alias of nothing is refused",
        test=f"{_VALUES}test_guards",
        old="(not (has $of $known))",
        new="false",
        case="nothing sets DATABASE",
    ),
    Row(
        "chart: staging gives DATABASE_URL",
        test=f"{_RENDER}test_staging_gives_a_url_and_its_parts",
        old='"postgres://django:%s@%s-postgres:5432/django" $database',
        new='"postgres://django:%s@%s-postgres:5432/django" $redis',
    ),
    Row(
        "chart: every disk has a limit",
        test=f"{_RENDER}test_disks_and_memory_have_limits",
        old='"size" $pod.tmpSize',
        new='"size" ""',
    ),
    Row(
        "chart: uploads have room in /tmp",
        test=f"{_RENDER}test_uploads_have_room_in_tmp",
        old="$v.web.pod.tmpSize | default $v.pod.tmpSize",
        new="$v.pod.tmpSize",
    ),
    Row(
        "chart: heartbeats and metrics are in memory",
        test=f"{_RENDER}test_disks_and_memory_have_limits",
        old='"size" $pod.stateSize "medium" "Memory"',
        new='"size" $pod.stateSize',
    ),
    Row(
        "chart: the seed runs once, whatever the image",
        test=f"{_RENDER}test_a_job_that_runs_once_is_told_by_what_it_runs",
        old='printf "%s|%s" (toJson .args) .root.Values.releaseToken',
        new='printf "%s|%s" (toJson .args) .root.Values.image',
    ),
    Row(
        "chart: what has run once does not run again",
        test=f"{_PROGRAMS}test_once",
        old="if found:\n    pass",
        new="if False:\n    pass",
        within="once.py",
        case="sqlite",
    ),
    Row(
        "chart: what has failed runs again",
        test=f"{_PROGRAMS}test_once",
        old="if status:",
        new="if False:",
        within="once.py",
        case="postgresql",
    ),
    Row(
        "chart: two Jobs at once run once",
        test=f"{_PROGRAMS}test_two_at_once_are_one",
        old='elif connection.vendor == "sqlite":',
        new="else:\n    run()\nif found:\n    pass\nelif True:",
        within="once.py",
    ),
    Row(
        "chart: a second Job waits as long as the first one runs",
        test=f"{_PROGRAMS}test_two_at_once_are_one",
        old='("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")',
        new='("statement_timeout",)',
    ),
    Row(
        "chart: the first administrator is never changed",
        test=f"{_PROGRAMS}test_first_administrator",
        old="User._default_manager.filter(**{User.USERNAME_FIELD: name}).exists()",
        new="User._default_manager.filter(**{User.USERNAME_FIELD: name}).delete()[0] < 0",
        within="superuser.py",
    ),
    Row(
        "chart: an administrator has a password",
        test=f"{_PROGRAMS}test_first_administrator",
        old='elif not os.environ["DJANGO_SUPERUSER_PASSWORD"]:',
        new="elif False:",
        within="superuser.py",
    ),
]
