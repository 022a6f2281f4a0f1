"""``django-k8s up``: run the working tree of the project in a staging environment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from django_k8s.environment.assets import assets
from django_k8s.environment.exit_codes import EX_USAGE
from django_k8s.release import address, build, kubeconfig, place, project, record, secrets
from django_k8s.release.deliver import Way
from django_k8s.release.helm import Plan, Release, options
from django_k8s.release.kube import Kubectl, Object
from django_k8s.release.outcome import Stopped
from django_k8s.release.project import Project
from django_k8s.release.record import Record
from django_k8s.release.report import Report
from django_k8s.release.watch import Watch

_EXAMPLE_SEED = "8d0c3f6b715e92a4f4a7d16c09be5823"  # used only for a dry run


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    environment: str = "staging"
    directory: Path = Path()
    context: str = ""
    yes: bool = False
    namespace: str = ""
    image: str = ""
    registry: str = ""
    load: str = ""
    library: Path | None = None
    build_options: tuple[str, ...] = ()
    expires: str = ""
    sets: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    timeout: float = 600.0
    show_password: bool = False


def up(chosen: Options, report: Report) -> None:
    """Build the project, bring the image to the cluster, install it and wait until it is ready.

    Raise Stopped if any of this fails.
    """
    lifetime = record.lifetime(chosen.expires) if chosen.expires else None
    found = project.find(chosen.directory)
    namespace = place.namespace_of(found.name, chosen.environment, chosen.namespace)
    context = kubeconfig.read(chosen.context)
    where = "on this machine" if context.local else context.server
    report.line("cluster", f"context {context.name} ({where}), namespace {namespace}")
    place.confirm(context, named=bool(chosen.context) or chosen.yes, what=f"deploy {found.name}")
    kubectl = Kubectl(context.name, namespace)
    kubectl.check()
    there = place.look(kubectl, found.name, chosen.environment)
    if not there.exists:
        place.may_create(kubectl)
    elif not (there.record or there.is_ours or chosen.namespace):
        raise Stopped(
            f"The namespace {namespace} exists, but `django-k8s up` did not create it. Add --namespace "
            f"{namespace} to use it, or name another one.",
            EX_USAGE,
        )

    way = None if chosen.image else Way(context, command=chosen.load, registry=chosen.registry)
    image = chosen.image or _image_name(found, chosen)
    release = Release(
        kubectl,
        found.name,
        assets() / "charts" / "django",
        found.values(),
        options(chosen.sets, chosen.files),
    )
    # The chart refuses wrong values before anything is built.
    plan = release.plan(_values(image, way, chosen.environment, _EXAMPLE_SEED))
    held = there.record or Record(found.name, chosen.environment, namespace, record.now())
    image_id = _image(found, image, way, plan, kubectl, held, chosen, report)

    place.ensure(kubectl, found.name, chosen.environment, there)
    expires = record.now() + lifetime if lifetime else held.expires
    held = record.write(kubectl, held, image=image, image_id=image_id, expires=expires)
    made = secrets.ensure_made(kubectl, held)
    variables = secrets.ensure_variables(kubectl, found, held)
    _say_variables(variables, report)
    values = _values(
        image,
        way,
        chosen.environment,
        made.seed,
        variables,
        administrator=bool(plan.get("superuser", "username")),
    )
    report.status("installing")
    revision = release.install(values)
    report.line("install", f"Helm release {found.name}, revision {revision}")
    secrets.mask_all(kubectl)
    Watch(kubectl, found.name, report).until_ready(chosen.timeout)
    opened = address.find(plan, kubectl, context, _fullname(plan, found))
    record.write(kubectl, held, address=opened)
    report.text()
    report.text(f"{chosen.environment} runs {image}. Open it:\n  {opened}")
    if expires:
        report.text(f"It expires at {expires:%Y-%m-%d %H:%M} UTC.")
    _say_administrator(plan, made, kubectl, chosen, report)


def _image_name(found: Project, chosen: Options) -> str:
    more = build.inputs(chosen.library, chosen.build_options)
    return f"{chosen.registry.rstrip('/') or found.name}:{project.tag(found, *more)}"


def _image(
    found: Project,
    image: str,
    way: Way | None,
    plan: Plan,
    kubectl: Kubectl,
    held: Record,
    chosen: Options,
    report: Report,
) -> str:
    """Build the image, bring it to the cluster and return its ID. If an image was given, return an empty string."""
    if way is None:
        report.line("image", f"{image}, as given; nothing is built")
        return ""
    began = time.monotonic()
    report.status("building")
    build.build(
        found, image, chosen.library, chosen.build_options, lambda step: report.status(f"building: {step}")
    )
    report.line("build", f"{image} ({time.monotonic() - began:.0f} s)")
    began = time.monotonic()
    report.status("bringing the image to the cluster")
    stores = [plan.get("staging", "postgresImage"), plan.get("staging", "redisImage")]
    said = way.bring(image, [name for name in stores if name], kubectl, held.image_id)
    report.line("image", f"{said} ({time.monotonic() - began:.0f} s)")
    return build.image_id(image)


def _values(
    image: str,
    way: Way | None,
    environment: str,
    seed: str,
    variables: secrets.Variables | None = None,
    *,
    administrator: bool = False,
) -> Object:
    """Return the values that `up` sets. They override the project's files, and --set overrides them."""
    values: Object = {
        "image": image,
        "imagePullPolicy": way.pull_policy if way else "IfNotPresent",
        "environment": environment,
        "staging": {"secretSeed": seed},
    }
    if variables and variables.exist:
        values["secret"] = {"name": secrets.VARIABLES}
        values["restartToken"] = variables.changed
    if administrator:
        values["superuser"] = {"secretName": secrets.MADE, "secretKey": secrets.PASSWORD}
    return values


def _fullname(plan: Plan, found: Project) -> str:
    """Return the prefix of all names, as the chart computes it."""
    return str(plan.get("fullnameOverride") or found.name)[:40].rstrip("-")


def _say_variables(variables: secrets.Variables, report: Report) -> None:
    if variables.given:
        report.line("secret", f"{', '.join(variables.given)} from deploy/secret.env")
    if variables.made_up:
        report.line(
            "secret", f"made up: {', '.join(variables.made_up)} (put real values into deploy/secret.env)"
        )


def _say_administrator(
    plan: Plan, made: secrets.Made, kubectl: Kubectl, chosen: Options, report: Report
) -> None:
    name = plan.get("superuser", "username")
    if not name:
        return
    read = (
        f"kubectl --context {kubectl.context} -n {kubectl.namespace} get secret {secrets.MADE} "
        f"-o jsonpath='{{.data.{secrets.PASSWORD}}}' | base64 -d"
    )
    if made.shown or not (report.is_terminal or chosen.show_password):
        # Output that does not go to a terminal may end up in a log.
        report.text(f"The administrator is {name}. This prints the password:\n  {read}")
        return
    report.text(
        f"The administrator is {name}, with the password {made.password}\nIt is not shown again. This prints it:\n  {read}"
    )
    secrets.password_was_shown(kubectl)
