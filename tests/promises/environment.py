"""The environment: where values come from and how mistakes are reported."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "env: no value is ever printed",
        test="test_env.py::TestReport::test_config_lists_all_and_exits",
        old='f"is not a number. Write {wanted}."',
        new='f"{text} is not a number. Write {wanted}."',
    ),
    Row(
        "env: a variable that nothing has read yet is in the message",
        test="test_env.py::TestReport::test_config_lists_all_and_exits",
        old="self.read(variable)",
        new="pass",
    ),
    Row(
        "env: a misspelt name is named with the missing one",
        test="test_env.py::TestReport::test_misspelt_name_is_named_with_the_missing_one",
        old="if p.name in misspelt",
        new="if False",
    ),
    Row(
        "env: a stranger's variable stops no pod",
        test="test_env.py::TestReport::test_misspelt_name_is_else_a_warning",
        old="report.stop_if(env.problems)",
        new="report.stop_if(env.problems + env.warnings)",
    ),
    Row(
        "env: wrong configuration ends with 78",
        test="servers/test_start.py::test_settings_error",
        within="stop_if",
        old="raise SystemExit(EX_CONFIG)",
        new="raise SystemExit(1)",
    ),
    Row(
        "env: the last line end of a file is not part of the value",
        test="test_env.py::TestSources::test_one_line_end_of_a_file_goes",
        old='text.removesuffix("\\n").removesuffix("\\r")',
        new="text",
    ),
    Row(
        "env: a value that starts with $ is a value",
        test="test_env.py::TestSources::test_a_dollar_is_a_dollar",
        old="Found(self._environ[name], PROCESS)",
        new="Found(os.path.expandvars(self._environ[name]), PROCESS)",
    ),
    Row(
        "env: a misspelt truth value is a problem",
        test="test_env.py::TestTypes::test_misspelt_bool",
        old="if word not in _TRUE | _FALSE:",
        new="if False:",
    ),
    Row(
        "env: debug mode is off unless it is switched on",
        test="settings/test_settings.py::TestSecurity::test_production",
        old='"DEBUG", "bool", False',
        new='"DEBUG", "bool", True',
    ),
    Row(
        "env: a similar name is taken for a misspelling",
        test="test_env.py::TestReport::test_misspelt_name_is_named_with_the_missing_one",
        old="_ALIKE = 0.84",
        new="_ALIKE = 1.0",
    ),
    Row(
        "env: a project may fix a value in code",
        test="settings/test_config.py::test_a_project_may_fix_values",
        old="replace(Config(**special, **read), **project)",
        new="Config(**special, **read)",
    ),
    Row(
        "env: the exit status of wrong configuration is 78",
        test="servers/test_start.py::test_settings_error",
        old="EX_CONFIG = 78",
        new="EX_CONFIG = 1",
    ),
    Row(
        "env: the entrypoint gets what files hold",
        test="entrypoints/test_entrypoint.py::test_values_from_elsewhere",
        case="files",
        old="if found and found.source != PROCESS:",
        new="if False:",
    ),
    Row(
        "env: no value is run by a shell",
        test="entrypoints/test_entrypoint.py::test_values_from_elsewhere",
        case="files",
        old="shlex.quote(value)",
        new="value",
    ),
    Row(
        "env: the list shows no secret",
        test="test_cli.py::TestEnv::test_json",
        old='masked = variable.secret or variable.kind == "url"',
        new="masked = False",
    ),
    Row(
        "env: the list ends with 78 if a value is malformed",
        test="test_cli.py::TestEnv::test_problems",
        within="print_environment",
        old="EX_CONFIG if problems else 0",
        new="0",
    ),
    Row(
        "env: every line says which release writes it",
        test="observability/test_metrics.py::test_saturation_and_identity",
        old='("role", "release", "environment")',
        new='("role", "environment")',
    ),
    Row(
        "env: an invalid proxy network is a problem",
        test="settings/test_settings.py::TestSecurity::test_bad_items",
        within="trusted_proxies",
        old="env.problem(",
        new="print(",
    ),
]
