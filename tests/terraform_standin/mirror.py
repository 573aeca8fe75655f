"""Terraform with stand-ins for the providers that a project uses: no network, no account.

The typed bindings of a provider, from the package index, hold its whole schema (google 8.7.0:
1,375 resources). A public user gets the providers themselves by `terraform init`.
"""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from terraform_standin.provider_schema import Bindings

CACHE = Path("/var/tmp/template-providers")
PROVIDERS = {"hashicorp/google": "cdktn-provider-google==21.1.0",
             "integrations/github": "cdktn-provider-github==18.0.0"}  # fmt: skip
PROVIDER = Path(__file__).parent / "provider.py"


class Missing(Exception):
    """Terraform is not on this machine."""


def install():
    """Make a folder of providers, as Terraform looks for them; give the variables that name it."""
    if not shutil.which("terraform"):
        raise Missing("terraform is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "lock"):  # tests run in several processes
        clone = sha256(f"{PROVIDER} {sys.executable}".encode()).hexdigest()[:12]
        return _install(CACHE / f"mirror-{clone}")  # clones of this repository keep apart


def _install(mirror):
    for name, package in PROVIDERS.items():
        schema = CACHE / f"{package}.json"
        if not schema.exists():
            derive(package, schema)
        version = json.loads(schema.read_text(encoding="utf-8"))["version"]
        folder = mirror / "registry.terraform.io" / name / version / "linux_amd64"
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / f"terraform-provider-{name.partition('/')[2]}_v{version}"
        text = f'#!/bin/sh\nexec "{sys.executable}" "{PROVIDER}" "{schema}"\n'
        if not program.exists() or program.read_text() != text:  # another process may run it
            program.write_text(text)
            program.chmod(0o755)
    settings = mirror.with_suffix(".tfrc")
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n'
    )
    return {"TF_CLI_CONFIG_FILE": str(settings), "TF_DISABLE_PLUGIN_TLS": "1",
            "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}  # fmt: skip


def derive(package, schema):
    """Download a provider's bindings, and keep its schema only."""
    folder = CACHE / "bindings"
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), package]
    subprocess.run(command, check=True)
    text = json.dumps(Bindings(folder).schema())
    shutil.rmtree(folder)
    partly = schema.with_suffix(".new")
    partly.write_text(text, encoding="utf-8")
    partly.replace(schema)


def terraform(folder, *arguments, environment):
    """Run a command of Terraform in a folder; give what it did."""
    command = ["terraform", f"-chdir={folder}", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, check=False
    )
