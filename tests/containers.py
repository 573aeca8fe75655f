"""Images, really built and started: by Docker where its engine answers, else by podman.

Podman needs no engine, and here no registry of images either: the base image `python:X.Y-slim` is
made of Debian's minimal system and the Python on this machine (Debian, as root).
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

CACHE = Path("/var/tmp/template-images")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
LIBRARIES = (
    "ca-certificates,netbase,tzdata,libssl3,libffi8,libsqlite3-0,libbz2-1.0,liblzma5,"
    "libreadline8,zlib1g,libncursesw6,libexpat1,libuuid1"
)
SETTINGS = {
    "containers.conf": """
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc=1000:1000"]
netns = "host"
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
""",
    "storage.conf": """
[storage]
driver = "overlay"
graphroot = "{cache}/store"
runroot = "{cache}/run"
""",
}


PASSING = "sealing memfd copy: Device or resource busy"
"""What runc says now and then on a busy kernel, before it has started anything."""


class Missing(Exception):
    """A program that builds or runs images is not on this machine."""


class Engine(NamedTuple):
    """A command that builds and runs images, with the options that it needs here."""

    command: str
    build_options: list[str]
    environment: dict[str, str]

    def do(self, *arguments, check=True):
        """Run a subcommand; give what it did."""
        environment = os.environ | self.environment
        for _ in range(5):
            done = subprocess.run(
                [self.command, *arguments],
                capture_output=True, text=True, env=environment, check=False,
            )  # fmt: skip
            if done.returncode == 0 or PASSING not in done.stderr:
                break
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def build(self, folder, target, store):
        """Build a target of a project's Dockerfile; give its name and its size in MB."""
        name = f"localhost/{folder.name}-{target}-{store}"
        options = [*self.build_options, "--build-arg", f"STORE={store}", "--target", target]
        self.do("build", *options, "--tag", name, str(folder))
        size = self.do("image", "inspect", "--format", "{{.Size}}", name).stdout
        return name, int(size) / 1e6

    def health_check(self, image):
        """Give the command by which an image examines itself."""
        found = json.loads(self.do("image", "inspect", image).stdout)[0]
        check = found.get("Healthcheck") or found["Config"]["Healthcheck"]
        assert check["Test"][0] == "CMD"
        return check["Test"][1:]

    def ask(self, image, *command, options=()):
        """Run a command in a container of its own; give what it printed."""
        return self.do("run", "--rm", "--network", "host", *options, image, *command).stdout

    @contextmanager
    def running(self, image, *options):
        """Run an image until the end of the block; gives the container's name."""
        started = self.do("run", "--detach", "--network", "host", *options, image).stdout
        name = started.strip().splitlines()[-1]
        try:
            yield name
        finally:
            self.do("rm", "--force", name)

    def stop(self, name):
        """Stop as Cloud Run does, by SIGTERM; give the exit code, the seconds, and the log."""
        started = time.monotonic()
        self.do("stop", "--time", "10", name)
        seconds = time.monotonic() - started
        code = int(self.do("inspect", "--format", "{{.State.ExitCode}}", name).stdout)
        done = self.do("logs", name)
        return code, seconds, done.stdout + done.stderr


SCRIPT = """#!{python}
import sys
sys.path.insert(0, {tests!r})
import containers
engine = containers.Engine({command!r}, {options!r}, {{}})
words = sys.argv[1:]
if words[0] == "build":
    words[1:1] = engine.build_options
done = engine.do(*words, check=False)
sys.stdout.write(done.stdout)
sys.stderr.write(done.stderr)
sys.exit(done.returncode)
"""


def write_script(engine, path):
    """Write a program that does what the engine does, with the options needed here."""
    text = SCRIPT.format(
        python=sys.executable,
        tests=str(Path(__file__).parent),
        command=shutil.which(engine.command),
        options=engine.build_options,
    )
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def find_engine(python_version, python):
    """Find Docker or podman; `python` is the interpreter to make a base image of."""
    if shutil.which("docker"):
        docker = Engine("docker", ["--platform", "linux/amd64"], {})
        if docker.do("info", check=False).returncode == 0:
            return docker
    for program in ("podman", "debootstrap", "runc"):
        if not shutil.which(program):
            raise Missing(f"neither Docker's engine nor {program} is here")
    engine = Engine("podman", PODMAN_BUILDS, write_settings())
    base = f"docker.io/library/python:{python_version}-slim"
    if engine.do("image", "exists", base, check=False).returncode:
        import_base(engine, base, python)
    engine.do("image", "prune", "--force", "--filter", "until=24h")  # it grows by gigabytes
    return engine


PODMAN_BUILDS = ["--format", "docker", "--isolation", "chroot", "--network", "host", "--pull-never"]


def write_settings():
    """Write podman's files of settings, and give the variables that name them."""
    CACHE.mkdir(parents=True, exist_ok=True)
    files = subprocess.run(
        ["bash", "-c", "ulimit -Hn"], capture_output=True, text=True, check=True
    ).stdout
    for name, text in SETTINGS.items():
        filled = text.format(cache=CACHE, files=files.strip())
        (CACHE / name).write_text(filled, encoding="utf-8")
    return {
        "CONTAINERS_CONF": str(CACHE / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(CACHE / "storage.conf"),
        "BUILDAH_ISOLATION": "chroot",
    }


def import_base(engine, base, python):
    """Make the base image: a minimal Debian, this machine's certificates and a Python."""
    root = CACHE / "root"
    shutil.rmtree(root, ignore_errors=True)
    run = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if line
    )
    command = [
        "debootstrap", "--variant=minbase", f"--include={LIBRARIES}",
        release["VERSION_CODENAME"], str(root), run.stdout.split()[0],
    ]  # fmt: skip
    for attempt in range(5):  # it gives up at the first file that does not come, or comes broken
        time.sleep(15 * attempt)
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode == 0:
            break
        shutil.rmtree(root, ignore_errors=True)
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    for folder in ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/lib/apt/lists"):
        shutil.rmtree(root / folder)
    copy_python(python, root)
    shutil.copyfile(f"/{CERTIFICATES}", root / CERTIFICATES)
    (root / "etc/pip.conf").write_text(f"[global]\ncert = /{CERTIFICATES}\n", encoding="utf-8")
    subprocess.run(
        ["chroot", str(root), "python", "-m", "ensurepip"], capture_output=True, check=True
    )
    (root / "usr/local/bin/pip").symlink_to("pip3")
    packed = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(
        ["podman", "import", "--change", f"ENV SSL_CERT_FILE=/{CERTIFICATES}", "-", base],
        stdin=packed.stdout, env=os.environ | engine.environment, capture_output=True, check=True,
    )  # fmt: skip
    assert packed.wait() == 0
    shutil.rmtree(root)


def copy_python(python, root):
    """Copy an interpreter and its standard library to where the official image has them."""
    ask = "import sys; print(sys.base_prefix, '%d.%d' % sys.version_info[:2])"
    told = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout
    prefix, version = told.split()
    shutil.copytree(
        f"{prefix}/lib", root / "usr/local/lib", dirs_exist_ok=True, symlinks=True,
        ignore=shutil.ignore_patterns("site-packages", "test", "tests", "__pycache__", "*.a"),
    )  # fmt: skip
    binaries = root / "usr/local/bin"
    shutil.copy2(f"{prefix}/bin/python{version}", binaries)
    for name in ("python3", "python"):
        (binaries / name).symlink_to(f"python{version}")
    subprocess.run(["chroot", str(root), "ldconfig"], check=True)
