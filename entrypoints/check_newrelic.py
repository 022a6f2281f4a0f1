"""Says what is wrong with a newrelic.ini, which the agent would hardly do."""

import configparser
import sys

path = sys.argv[1]
try:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would double the time of this
        parser = configparser.RawConfigParser()
        parser.read_file(file)
except OSError as error:
    sys.exit(
        f"django-k8s: NEW_RELIC_CONFIG_FILE: {path} cannot be read ({error.strerror}). Mount it. Until then nothing is monitored."
    )
except (configparser.Error, UnicodeDecodeError):
    sys.exit(
        f"django-k8s: NEW_RELIC_CONFIG_FILE: {path} is not a valid newrelic.ini. Correct it. Until then nothing is monitored."
    )
if not parser.has_section("newrelic"):
    sys.exit(
        f"django-k8s: NEW_RELIC_CONFIG_FILE: {path} has no section [newrelic]. Correct it. Until then nothing is monitored."
    )
