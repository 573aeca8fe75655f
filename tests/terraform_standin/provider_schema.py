"""Derives a Terraform provider's schema from its typed bindings, which the package index carries.

A schema is `{"version", "provider": block, "resources": {type: block}, "data": {type: block}}`;
a block is `{"attributes": {name: [type, flags]}, "blocks": {name: [block, minimum, maximum]}}`;
flags are letters: required, optional, computed.
"""

import gzip
import json
import re
import tarfile

LINK = re.compile(r"\{@link \S+#(\S+?) ")
DOCS = re.compile(r"\{@link \S+?/([\d.]+)/docs(?:/(resources|data-sources)/\S+)? (\w+)\}")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool"}
MAPS = {"StringMap": "string", "NumberMap": "number", "BooleanMap": "bool"}
OF_THE_LIBRARY = {"id", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners"}


class Bindings:
    """The types of a bindings package, as its `.jsii` assembly describes them."""

    def __init__(self, folder):
        packed = next(folder.rglob("*.jsii.tgz"))
        with tarfile.open(packed) as archive:
            text = archive.extractfile("package/.jsii").read()
            moved = json.loads(text).get("filename")
            if moved:
                text = gzip.decompress(archive.extractfile(f"package/{moved}").read())
        self.types = json.loads(text)["types"]

    def schema(self):
        """Give the schema of the whole provider."""
        found = {"version": "", "provider": {}, "resources": {}, "data": {}}
        for name, kind in self.types.items():
            about = DOCS.search(kind.get("docs", {}).get("summary", ""))
            parts = {part["name"] for part in kind.get("properties", []) if part.get("static")}
            if not about or "tfResourceType" not in parts:
                continue
            block = self.block(f"{name}Config")
            self.add_computed(block, kind)
            found["version"], place, word = about.groups()
            if place is None:
                found["provider"] = block
            else:
                block["attributes"].setdefault("id", ["string", "oc"])
                found["data" if place == "data-sources" else place][word] = block
        return found

    def block(self, name, above=()):
        """Describe an interface as a block."""
        found = {"attributes": {}, "blocks": {}}
        for part in self.types[name].get("properties", []):
            docs = part.get("docs", {})
            link = LINK.search(f"{docs.get('remarks', '')} {docs.get('summary', '')}")
            if not link:
                continue
            inner, many = self.structure(part["type"])
            required = not part.get("optional")
            if inner and inner not in above and docs.get("summary", "").endswith(" block."):
                nested = self.block(inner, (*above, inner))
                found["blocks"][link[1]] = [nested, int(required), 0 if many else 1]
            else:
                kind = "dynamic" if inner else self.kind(part["type"])
                found["attributes"][link[1]] = [kind, "r" if required else "oc"]
        return found

    def add_computed(self, block, kind):
        """Add what only the provider knows: getters that no argument corresponds to."""
        for part in kind.get("properties", []):
            name = WORDS.sub("_", part["name"]).lower()
            own = part.get("immutable") and not part.get("static") and not part.get("overrides")
            known = name in block["attributes"] or name in block["blocks"]
            library = part["name"] in OF_THE_LIBRARY or part["name"].endswith("Input")
            if own and not known and not library:
                block["attributes"][name] = [self.kind(part["type"]), "c"]

    def structure(self, kind):
        """Give the interface that a type refers to, and whether it is a list of them."""
        if "union" in kind:
            inner = [self.structure(one) for one in kind["union"]["types"]]
            return next((one for one in inner if one[0]), (None, False))
        if "collection" in kind:
            return self.structure(kind["collection"]["elementtype"])[0], True
        name = kind.get("fqn")
        described = name in self.types and self.types[name]["kind"] == "interface"
        return (name if described else None), False

    def kind(self, kind):
        """Give a type in Terraform's words."""
        if "union" in kind:
            inner = [
                one for one in kind["union"]["types"] if "IResolvable" not in one.get("fqn", "")
            ]
            return self.kind(inner[0]) if inner else "dynamic"
        if "collection" in kind:
            many = "map" if kind["collection"]["kind"] == "map" else "list"
            return [many, self.kind(kind["collection"]["elementtype"])]
        last = kind.get("fqn", "").rpartition(".")[2]
        if last in MAPS:
            return ["map", MAPS[last]]
        return "bool" if last == "IResolvable" else PRIMITIVES.get(kind.get("primitive"), "dynamic")
