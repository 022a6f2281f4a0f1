"""Names of WhiteNoise, django-storages, prometheus_client, django-environ and New Relic's agent."""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_WHITENOISE = "whitenoise.base:WhiteNoise"
_MIDDLEWARE = "whitenoise.middleware:WhiteNoiseMiddleware"
_STORAGE = "storages.backends.s3:S3Storage"
_VALUES = "prometheus_client.mmap_dict:MmapedDict"

_static = partial(Name, used_by="middleware.static_files", breaks="static files are not served")
_media = partial(Name, used_by="media_storage.s3")
_file = partial(
    Name, used_by="observability.metrics_file", breaks="counts stay in memory and are never served"
)

NAMES = (
    # WhiteNoise
    _static(f"{_WHITENOISE}.files", why="the known files by their paths"),
    _static(
        f"{_WHITENOISE}.autorefresh", why="whether files are looked for at each request, as in debug mode"
    ),
    _static(f"{_WHITENOISE}.find_file", why="looks for a file", call="url"),
    _static(f"{_WHITENOISE}.add_files", why="reads a directory at the start", call="root, prefix"),
    _static(
        f"{_WHITENOISE}.directories",
        why="where files are looked for",
        read_by=f"{_WHITENOISE}.candidate_paths_for_url",
    ),
    _static(
        f"{_MIDDLEWARE}.static_prefix", why="below it a path that is no file gets 404, which no cache keeps"
    ),
    _static(f"{_MIDDLEWARE}.serve", why="the answer with a file", call="static_file, request"),
    Name(
        f"{_MIDDLEWARE}.immutable_file_test",
        used_by="middleware.static_files",
        why="hashed files of earlier releases may be kept forever too",
        breaks="they are asked for at each visit",
        call="path, url",
        read_by=f"{_WHITENOISE}.add_cache_headers",
    ),
    *(
        Name(
            f"whitenoise.compress:Compressor.{name}",
            used_by="static_files.compressor",
            why="what an earlier build has compressed is not compressed again",
            breaks="a build takes longer",
            call="data",
            read_by="whitenoise.compress:Compressor.compress",
        )
        for name in ("compress_gzip", "compress_brotli")
    ),
    # django-storages
    _media(
        f"{_STORAGE}.connection",
        why="one connection for all threads",
        breaks="each thread takes 16 MiB more",
        kind="builtins:property",
        read_by=f"{_STORAGE}.bucket",
    ),
    _media(
        f"{_STORAGE}.unsigned_connection",
        why="one connection for all threads",
        breaks="each thread takes 16 MiB more",
        kind="builtins:property",
        read_by=f"{_STORAGE}.url",
        since="1.14.4",
    ),
    Name(
        "google.cloud.storage:Client",
        used_by="media_storage.gcs",
        why="its requests go through our session, by the argument _http",
        breaks="a request to a dead server takes two minutes",
        call="project, credentials, _http",
    ),
    Name(
        "storages.backends.gcloud:GoogleCloudFile",
        used_by="media_storage.gcs",
        why="a file becomes one of ours, which explains failures",
        breaks="a failure at the first read is an exception of Google's library",
        read_by="storages.backends.gcloud:GoogleCloudStorage._open",
    ),
    _media(
        "storages.backends.s3:S3File",
        why="a file becomes one of ours, which explains failures",
        breaks="a failure at the first read is boto3's exception",
        read_by=f"{_STORAGE}._open",
    ),
    _media(
        "storages.backends.s3:S3File.file",
        why="downloads at its first use",
        breaks="a failure at the first read is boto3's exception",
        kind="builtins:property",
    ),
    Name(
        "*:bucket_name",
        used_by="health.storage",
        why="the bucket is asked for with one HEAD request",
        breaks="the health check of the storage writes a name to the log of the bucket for each probe",
        read_by=f"{_STORAGE}.bucket",
    ),
    # prometheus_client
    Name(
        "prometheus_client.values:MmapedDict",
        used_by="observability.metrics_file",
        why="our class takes its place, so that a full disk raises nothing and ends no process",
        breaks="a full disk ends every process that counts, with SIGBUS",
        call="filename",
        read_by="prometheus_client.values:MultiProcessValue",
    ),
    _file(_VALUES, why="the file of a process; its room is reserved before it is opened", call="filename"),
    _file(f"{_VALUES}.read_value", why="a count", call="key"),
    _file(f"{_VALUES}.write_value", why="a count", call="key, value, timestamp"),
    _file(f"{_VALUES}.read_all_values", why="counts that move to a new file", call=""),
    _file(f"{_VALUES}.close", why="closes the file", call=""),
    _file(
        f"{_VALUES}._init_value",
        why="room is reserved before a count is added",
        call="key",
        read_by=f"{_VALUES}.write_value",
    ),
    *(
        _file(f"{_VALUES}.{name}", why=why)
        for name, why in (
            ("_f", "the open file, which grows"),
            ("_m", "the memory that is mapped to it"),
            ("_capacity", "the size of the file"),
            ("_used", "how much of it is taken"),
            ("_positions", "which counts it has"),
        )
    ),
    Name(
        f"{_VALUES}.read_all_values_from_file",
        used_by="probe.dead_processes",
        why="all counts of a process",
        breaks="/metrics fails",
        call="filename",
    ),
    Name(
        "prometheus_client.multiprocess:MultiProcessCollector.merge",
        used_by="probe.exposition",
        why="adds up the files that are given",
        breaks="/metrics fails",
        call="files",
    ),
    Name(
        "*:{}_{}.db",
        used_by="probe.dead_processes",
        why="a file is named by its kind and its process",
        breaks="the files of ended processes stay, or sums are wrong",
        read_by="prometheus_client.values:MultiProcessValue",
    ),
    # django-environ
    Name(
        "environ:Env.DB_SCHEMES",
        used_by="settings.databases",
        why="the schemes of databases",
        breaks="the settings cannot be loaded",
    ),
    *(
        Name(
            f"environ:Env.{name}",
            used_by=module,
            why="reads a URL without an environment",
            breaks="the settings cannot be loaded",
            call="url",
        )
        for name, module in (
            ("db_url_config", "settings.databases"),
            ("cache_url_config", "settings.caches"),
            ("email_url_config", "settings.mail"),
        )
    ),
    # New Relic
    Name(
        "newrelic.config:initialize",
        used_by="observability.newrelic",
        why="newrelic-admin imports this module when it starts the agent, and nothing else does without it",
        breaks="New Relic is told nothing",
    ),
)
