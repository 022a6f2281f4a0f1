"""Names of Celery and kombu: for the worker's stop, beat's lock, and the queues of the Redis transport."""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_CACHED = "kombu.utils.objects:cached_property"
_SCHEDULER = "celery.beat:Scheduler"
_CONSUMER = "celery.worker.consumer.consumer:Consumer"
_WORKER = "celery.worker.worker:WorkController"
_PROCESS = f"{_WORKER}._process_task"
_POOL = "celery.worker.components:Pool"
_LOOP = "celery.worker.loops:asynloop"
_CHANNEL = "kombu.transport.redis:Channel"

_main = partial(Name, used_by="celery.__main__")
_defaults = partial(Name, used_by="celery.defaults")
_shutdown = partial(Name, used_by="celery.shutdown")
_watch = partial(Name, used_by="celery.silent_broker")
_malformed = partial(Name, used_by="celery.malformed")
_locked = partial(Name, used_by="celery.beat.locked_scheduler")
_scheduler = partial(Name, used_by="celery.beat.scheduler")
_schedule = partial(Name, used_by="celery.beat.schedule")
_due = partial(Name, used_by="celery.beat.due_times")
_publisher = partial(Name, used_by="celery.beat.publisher")
_sampler = partial(Name, used_by="celery.beat.queue_sampler")

NAMES = (
    _main(
        "click_repl:register_repl",
        why="what celery.bin.amqp imports, and no role uses",
        breaks="each Celery role takes 7 MiB more",
    ),
    # How a role starts
    _main(
        "celery:maybe_patch_concurrency",
        why="pools of green threads patch Python before anything is imported",
        breaks="a worker with such a pool hangs",
        call="argv",
    ),
    _main(
        "celery.bin.celery:main", why="the celery command, in this process", breaks="no role starts", call=""
    ),
    Name(
        "celery.app.amqp:Queues.select",
        used_by="celery.worker",
        why="WORKER_QUEUES",
        breaks="a worker takes tasks from every queue, or does not start",
        call="include",
    ),
    # Settings
    _defaults(
        "celery.app.utils:Settings.maps",
        why="our layer lies between the project's settings and Celery's defaults",
        breaks="the project's settings lose, or ours have no effect",
        read_by="celery.utils.collections:ChainMap.__getitem__",
    ),
    _defaults(
        "celery.app.utils:Settings.defaults",
        why="lists the same mappings once more",
        breaks="the project's settings lose, or ours have no effect",
        read_by="celery.utils.collections:ChainMap.add_defaults",
    ),
    _defaults(
        "celery.app.base:Celery.configured",
        why="whether the application has read its configuration",
        breaks="an application that was made early has no broker",
    ),
    _defaults(
        "celery.app.base:Celery.namespace",
        why="before 5.7 a name with the namespace wins",
        breaks="transport options of the project and ours are not merged",
    ),
    Name(
        "*:CELERY_DB_REUSE_MAX",
        used_by="settings.celery",
        why="the setting is not documented",
        breaks="a worker connects to the database for each task",
        read_by="celery.fixups.django:DjangoWorkerFixup.__init__",
    ),
    # The worker's stop
    _shutdown(
        "celery.apps.worker:on_cold_shutdown",
        why="tells releases whose SIGQUIT ends a warm stop",
        breaks="the older way is used, which is slower",
        since="5.5",
    ),
    _shutdown(
        "celery.concurrency.thread:TaskPool.executor",
        why="no signal ends threads, so their pool is waited for with a limit",
        breaks="a worker with threads does not start",
    ),
    _shutdown(
        "concurrent.futures.thread:ThreadPoolExecutor._threads",
        why="the threads to wait for",
        breaks="a worker with threads does not start",
        read_by="concurrent.futures.thread:ThreadPoolExecutor.shutdown",
    ),
    _shutdown(
        "celery.concurrency.base:BasePool.on_stop",
        why="replaced by one that waits with a limit",
        breaks="SIGKILL ends the worker in the middle of its tasks",
        call="",
        read_by="celery.concurrency.base:BasePool.stop",
    ),
    _shutdown(
        "celery.worker.consumer.consumer:Consumer.pool",
        why="the sender of worker_ready has the pool",
        breaks="a worker does not start",
    ),
    _shutdown(
        "celery.worker.worker:WorkController.exitcode",
        why="the exit status when the process is cut off",
        breaks="a stop that was cut off has status 0 or a traceback",
    ),
    # Malformed messages
    *(
        _malformed(path, why=why, breaks="a malformed message ends the worker, or stops its pool", **more)
        for path, why, more in (
            (f"{_CONSUMER}.channel_errors", "make it start again", {"read_by": f"{_CONSUMER}.start"}),
            (f"{_CONSUMER}.connection_errors", "come while a message is rejected", {}),
            (f"{_CONSUMER}.conninfo", "has what the broker's answers raise", {}),
            (f"{_CONSUMER}.create_task_handler", "wrapped, to reject a message", {"read_by": _LOOP}),
            (f"{_CONSUMER}.controller", "the worker", {}),
            (f"{_CONSUMER}.on_task_request", "wrapped as well", {"read_by": f"{_CONSUMER}.apply_eta_task"}),
            (f"{_WORKER}.semaphore", "the places in the pool", {"read_by": f"{_POOL}.create"}),
            (_PROCESS, "wrapped, to give a place back", {"call": "req", "read_by": f"{_PROCESS}_sem"}),
        )
    ),
    # A silent broker
    _watch(
        f"{_CHANNEL}.conn_or_acquire",
        why="a client of Redis beside the connection that waits for messages",
        breaks="a Redis that went silent is noticed late, or not at all",
        call="",
    ),
    *(
        _watch(
            f"kombu.transport.virtual.base:Channel.{name}",
            why="wrapped, to repeat an acknowledgement that failed",
            breaks="a worker whose acknowledgement failed takes fewer messages, or none any more",
            call="delivery_tag",
            read_by=f"kombu.message:Message.{reader}",
        )
        for name, reader in (("basic_ack", "ack"), ("basic_reject", "reject"))
    ),
    # Beat under the lock
    _locked(
        "celery.app.base:Celery.Beat",
        why="has the service",
        breaks="beat does not start",
        kind=_CACHED,
    ),
    _locked(
        "celery.apps.beat:Beat.Service",
        why="replaced by ours, which puts any scheduler under the lock",
        breaks="two beats publish everything twice",
        read_by="celery.apps.beat:Beat.start_scheduler",
    ),
    _locked(
        "celery.beat:Service.get_scheduler",
        why="makes the scheduler from its class",
        breaks="two beats publish everything twice",
        call="lazy=",
        read_by="celery.beat:Service.scheduler",
    ),
    _locked(
        "celery.beat:Service.scheduler_cls",
        why="the class that the project names, wherever it does",
        breaks="two beats publish everything twice",
        read_by="celery.beat:Service.get_scheduler",
    ),
    _locked(
        "celery.utils.imports:symbol_by_name",
        why="reads MODULE:CLASS as Celery does",
        breaks="beat does not start",
        call="name, aliases=",
    ),
    _locked(
        _SCHEDULER,
        why="the base class; it is initialized again at a takeover",
        breaks="beat does not start, or publishes from a stale plan",
        call="app, schedule=, max_interval=, Producer=, lazy=",
    ),
    _locked(
        f"{_SCHEDULER}.tick",
        why="each round",
        breaks="no lock, no heartbeat",
        call="",
        read_by="celery.beat:Service.start",
    ),
    _locked(
        f"{_SCHEDULER}.should_sync",
        why="a standby stores nothing, and nobody does in the middle of a publish",
        breaks="a standby overwrites what the holder stored; a stop waits for a silent database",
        call="",
        read_by=f"{_SCHEDULER}.apply_async",
    ),
    _locked(
        f"{_SCHEDULER}._do_sync",
        why="stores the schedule after a publish",
        breaks="beat ends with its first message",
        call="",
        read_by="celery.beat:Service.start",
    ),
    _locked(
        f"{_SCHEDULER}.close",
        why="gives the lock back",
        breaks="a standby takes over later",
        call="",
        read_by="celery.beat:Service.sync",
    ),
    _locked(
        f"{_SCHEDULER}._ensure_connected",
        why="the heartbeat goes on while the broker is waited for",
        breaks="an outage of the broker restarts beat",
        call="",
        read_by=f"{_SCHEDULER}.producer",
    ),
    _locked(
        f"{_SCHEDULER}.connection",
        why="a cached property: the broker that is waited for",
        breaks="an outage of the broker restarts beat",
        kind=_CACHED,
    ),
    _locked(
        f"{_SCHEDULER}.apply_async",
        why="publishes one entry",
        breaks="a stop in the middle of a publish loses or repeats it, and a broker that takes nothing is not seen",
        call="entry, producer=, advance=",
        read_by=f"{_SCHEDULER}.apply_entry",
    ),
    _scheduler(
        f"{_SCHEDULER}.setup_schedule",
        why="the table replaces Celery's file",
        breaks="beat needs a writable directory",
        call="",
        read_by=f"{_SCHEDULER}.__init__",
    ),
    _schedule(
        "celery.beat:BeatLazyFunc",
        why="arguments that are computed when they are sent",
        breaks="an entry with such an argument is not published",
    ),
    _due(
        "celery.schedules:BaseSchedule.nowfun",
        why="the clock of a schedule is set while it is asked for the next due time",
        breaks="due times are published late or twice",
        read_by="celery.schedules:BaseSchedule.now",
    ),
    _due(
        "celery.schedules:crontab.remaining_estimate",
        why="the time to the next due time",
        breaks="nothing is published",
        call="last_run_at",
    ),
    _due(
        "celery.schedules:schedule.run_every",
        why="the interval",
        breaks="beat does not start",
    ),
    _publisher(
        f"{_CHANNEL}.conn_or_acquire",
        why="overridden, so that a client is not made for each message",
        breaks="a message costs beat a tenth more",
        call="client=",
        read_by=f"{_CHANNEL}._put",
    ),
    # Queues in Redis
    _sampler(
        f"{_CHANNEL}.unacked_key",
        why="where messages are kept until they are acknowledged",
        breaks="there is no sample of the queues, so scalers keep what they have",
        read_by="kombu.transport.redis:QoS.append",
    ),
    _sampler(
        "kombu.transport.redis:QoS.append",
        why="a message is kept as a list of itself, its exchange and its routing key",
        breaks="there is no sample of the queues, so scalers keep what they have",
        call="message, delivery_tag",
    ),
    _sampler(
        f"{_CHANNEL}.priority_steps",
        why="each priority has a list of its own",
        breaks="the age of the oldest message is wrong",
        read_by=f"{_CHANNEL}._size",
    ),
    _sampler(
        f"{_CHANNEL}._q_for_pri",
        why="the name of that list",
        breaks="there is no sample of the queues, so scalers keep what they have",
        call="queue, pri",
        read_by=f"{_CHANNEL}._size",
    ),
)
