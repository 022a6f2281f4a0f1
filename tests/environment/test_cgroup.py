"""The CPU and the memory limit from trees of files as the kernel shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_k8s.environment.cgroup import cpu_limit, memory_limit, out_of_memory_kills


def limit(tmp_path: Path, membership: str, files: dict[str, str]) -> float | None:
    return cpu_limit(*tree(tmp_path, membership, files))


def tree(tmp_path: Path, membership: str, files: dict[str, str]) -> tuple[Path, Path]:
    mount = tmp_path / "cgroup"
    for name, text in files.items():
        (mount / name).parent.mkdir(parents=True, exist_ok=True)
        (mount / name).write_text(text)
    (tmp_path / "membership").write_text(membership)
    return mount, tmp_path / "membership"


POD = "kubepods.slice/pod1.slice/container.scope"


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        pytest.param("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5, id="v2, seen from inside"),
        pytest.param("0::/\n", {"cpu.max": "max 100000\n"}, None, id="v2 without a limit"),
        pytest.param("0::/\n", {}, None, id="v2 at the root of a machine"),
        pytest.param(
            f"0::/{POD}\n",
            {
                f"{POD}/cpu.max": "400000 100000",
                "kubepods.slice/pod1.slice/cpu.max": "50000 100000",
                "kubepods.slice/cpu.max": "max 100000",
            },
            0.5,
            id="v2, the pod's limit is below the container's",
        ),
        pytest.param(
            "4:memory:/\n2:cpu,cpuacct:/\n1:name=systemd:/\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
            2.5,
            id="v1, controllers together",
        ),
        pytest.param(
            f"2:cpu,cpuacct:/{POD}\n",
            {"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"},
            3.0,
            id="v1, the node's path but the container's mount",
        ),
        pytest.param(
            "1:cpu:/\n0::/\n",
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            None,
            id="v1 without a limit",
        ),
        pytest.param(
            "1:cpu:/\n0::/\n",
            {"unified/cgroup.procs": "", "cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"},
            0.5,
            id="both versions mounted, version 1 has the CPUs",
        ),
        pytest.param(
            "0::/../../other\n", {"cpu.max": "100000 100000"}, 1.0, id="a path of another namespace"
        ),
        pytest.param("rubbish\n\n", {"cpu.max": "what"}, None, id="rubbish"),
        pytest.param("0::/\n", {"cpu.max": "100000 0"}, None, id="a period of nothing"),
    ],
)
def test_cpu_limit(tmp_path: Path, membership: str, files: dict[str, str], expected: float | None) -> None:
    """The smallest limit over the cgroup and all above it, in CPUs."""
    assert limit(tmp_path, membership, files) == expected


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        pytest.param("0::/\n", {"memory.max": "268435456\n"}, 268_435_456, id="v2"),
        pytest.param("0::/\n", {"memory.max": "max\n"}, None, id="v2 without a limit"),
        pytest.param(
            f"0::/{POD}\n",
            {f"{POD}/memory.max": "max", "kubepods.slice/memory.max": "1000"},
            1000,
            id="v2, a limit above",
        ),
        pytest.param(
            f"8:memory:/{POD}\n2:cpu:/elsewhere\n",
            {"memory/memory.limit_in_bytes": "536870912"},
            536_870_912,
            id="v1",
        ),
        pytest.param(
            "8:memory:/\n",
            {"memory/memory.limit_in_bytes": "9223372036854771712"},
            None,
            id="v1 without a limit",
        ),
        pytest.param("0::/\n", {"memory.max": "what"}, None, id="rubbish"),
    ],
)
def test_memory_limit(tmp_path: Path, membership: str, files: dict[str, str], expected: int | None) -> None:
    """The smallest limit over the cgroup and all above it, in bytes."""
    assert memory_limit(*tree(tmp_path, membership, files)) == expected


def test_no_cgroups(tmp_path: Path) -> None:
    """A machine without the files has no limit."""
    assert cpu_limit(tmp_path / "none", tmp_path / "neither") is None
    assert memory_limit(tmp_path / "none", tmp_path / "neither") is None


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        pytest.param("0::/\n", {"memory.events": "low 0\noom 3\noom_kill 2\n"}, 2, id="v2"),
        pytest.param(
            f"9:memory:/{POD}\n",
            {"memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"},
            4,
            id="v1, the node's path but the container's mount",
        ),
        pytest.param(
            f"0::/{POD}\n",
            {f"{POD}/memory.events": "oom_kill 1\n", "kubepods.slice/memory.events": "oom_kill 9\n"},
            1,
            id="v2, those of other containers do not count",
        ),
        pytest.param("0::/\n", {"memory.events": "oom 3\n"}, 0, id="an older kernel"),
        pytest.param("0::/\n", {}, 0, id="nothing to read"),
    ],
)
def test_out_of_memory_kills(tmp_path: Path, membership: str, files: dict[str, str], expected: int) -> None:
    """The kernel's count for this container alone."""
    assert out_of_memory_kills(*tree(tmp_path, membership, files)) == expected
