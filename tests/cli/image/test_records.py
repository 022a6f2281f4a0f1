"""What installed packages say about the build that installed them."""

from __future__ import annotations

from pathlib import Path

from django_k8s.cli.image.records import forget_build


def installed(root: Path, moment: str, folder: str) -> dict[str, str]:
    """Two packages, as uv leaves them: one from a directory, one from a repository; what is left of them."""
    local, remote = root / "lib" / "shop-1.0.dist-info", root / "lib" / "common-2.0.dist-info"
    for package in (local, remote):
        package.mkdir(parents=True)
        (package / "METADATA").write_text("Name: one of them\n")
    (local / "uv_cache.json").write_text(moment)
    (local / "direct_url.json").write_text(f'{{"url":"file://{folder}","dir_info":{{}}}}')
    (remote / "direct_url.json").write_text('{"url":"https://git.example/common","vcs_info":{}}')
    (local / "RECORD").write_text(
        f"shop-1.0.dist-info/METADATA,sha256=a,1\nshop-1.0.dist-info/RECORD,,\n"
        f"shop-1.0.dist-info/direct_url.json,sha256={folder},2\nshop-1.0.dist-info/uv_cache.json,sha256={moment},3\n"
    )
    (remote / "RECORD").write_text("common-2.0.dist-info/direct_url.json,sha256=b,4\n")
    forget_build(root)
    return {
        str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()
    }


def test_two_builds_leave_the_same(tmp_path: Path) -> None:
    """The time and the directory of a build are forgotten; the repository that a package is from is not."""
    one = installed(tmp_path / "one", "1700000000", "/tmp/one")
    other = installed(tmp_path / "other", "1700000001", "/tmp/other")

    assert one == other
    assert sorted(one) == [
        "lib/common-2.0.dist-info/METADATA",
        "lib/common-2.0.dist-info/RECORD",
        "lib/common-2.0.dist-info/direct_url.json",
        "lib/shop-1.0.dist-info/METADATA",
        "lib/shop-1.0.dist-info/RECORD",
    ]
    assert one["lib/shop-1.0.dist-info/RECORD"].splitlines() == [
        "shop-1.0.dist-info/METADATA,sha256=a,1",
        "shop-1.0.dist-info/RECORD,,",
    ]
