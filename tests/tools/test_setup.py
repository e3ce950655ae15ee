#!/usr/bin/env python3
"""tools/setup.sh on machines that lack something: it installs when it may, otherwise prints the exact command."""
import pathlib
import shutil
import subprocess
import tempfile

from support import ROOT, run

TOOLS = """bash sh awk cat comm cut dirname env flock grep head id mkdir mktemp nproc paste printf python3 rm sed
sha256sum sort tail tee touch tr""".split()


class Machine:
    """A PATH of its own with the usual tools; `programs` are added as shell scripts."""

    def __init__(self, missing=(), uid=1000, **programs):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name in ("tools/lib.sh", "tools/setup.sh", "tools/VERSIONS", "tests/requirements.txt"):
            (self.root / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        (self.root / "engine").mkdir()
        (self.root / "bin").mkdir()
        for name in TOOLS:
            (self.root / "bin" / name).symlink_to(shutil.which(name))
        self.script(self.root / "tools/third_party.sh", ":")
        installed = sorted(set(self.packages()) - set(missing))
        self.program("dpkg-query", "cat <<'EOF'\n" + "".join(f"ii  {p}:amd64\n" for p in installed) + "EOF")
        self.program("id", f"echo {uid}")
        self.program("apt-get", 'echo "$@" >>"$CALLS"')
        self.program("apt-cache", "exit 1")
        self.program("cargo", "exit 0")
        self.program("rustc", "echo rustc 1.95.0")
        for name, text in programs.items():
            self.program(name.replace("_", "-"), text)

    def packages(self):
        text = (ROOT / "tools/setup.sh").read_text()
        return text[text.index("packages=(") + 10:text.index(")", text.index("packages=("))].split()

    def script(self, path, text):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def program(self, name, text):
        (self.root / "bin" / name).unlink(missing_ok=True)
        if text is not None:
            self.script(self.root / "bin" / name, text)

    def setup(self):
        environment = {"PATH": str(self.root / "bin"), "XDG_CACHE_HOME": str(self.root / "cache"),
                       "HOME": str(self.root), "CALLS": str(self.root / "calls")}
        return subprocess.run(["bash", str(self.root / "tools/setup.sh")], capture_output=True, text=True,
                              env=environment)

    def calls(self):
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []


def nothing_missing_is_silent():
    machine = Machine()
    done = machine.setup()
    assert done.returncode == 0 and done.stderr == "" and machine.calls() == [], done


def without_root_the_command_is_printed():
    machine = Machine(missing=["ninja-build", "libyaml-dev"])
    done = machine.setup()
    assert done.returncode == 2 and machine.calls() == [], done
    assert "  sudo apt-get update && sudo apt-get install -y --no-install-recommends libyaml-dev ninja-build\n" \
        in done.stderr, done.stderr


def root_and_sudo_install_what_is_missing():
    for machine in (Machine(missing=["libyaml-dev"], uid=0),
                    Machine(missing=["libyaml-dev"], sudo='[ "$1" != -n ] || shift; "$@"')):
        done = machine.setup()
        assert done.returncode == 0, done
        assert machine.calls() == ["update -q", "install -y -q --no-install-recommends libyaml-dev"], machine.calls()


def a_failed_installation_shows_the_log():
    done = Machine(missing=["libyaml-dev"], uid=0, apt_get="echo no such host; exit 100").setup()
    assert done.returncode == 1 and "no such host" in done.stderr and "hint:" in done.stderr, done


def other_systems_are_told_what_is_missing():
    done = Machine(missing=["libyaml-dev"], apt_get=None).setup()
    assert done.returncode == 2 and "missing: libyaml-dev" in done.stderr, done


def without_cargo_the_command_is_printed():
    wanted = {"rustup default 1.95.0": dict(rustup="exit 0"),
              "sudo apt-get install -y --no-install-recommends rustup && rustup default 1.95.0": dict(apt_cache="exit 0"),
              "--default-toolchain 1.95.0": dict()}
    for text, programs in wanted.items():
        done = Machine(cargo=None, **programs).setup()
        assert done.returncode == 2 and "cargo and rustc are missing" in done.stderr, done
        assert done.stderr.split("hint: ")[1].rstrip().find(text) >= 0, done.stderr


def an_old_rustc_is_named():
    done = Machine(rustc="echo rustc 1.94.1").setup()
    assert done.returncode == 2 and "1.94.1 is older than 1.95.0" in done.stderr, done
    assert Machine(rustc="echo rustc 1.100.0").setup().returncode == 0


run([nothing_missing_is_silent, without_root_the_command_is_printed, root_and_sudo_install_what_is_missing,
     a_failed_installation_shows_the_log, other_systems_are_told_what_is_missing,
     without_cargo_the_command_is_printed, an_old_rustc_is_named])
