"""A stand-in for Terraform's providers: it knows their whole schema and nothing of any cloud.

Terraform itself judges a configuration by the schema, plans and tests it; values that only the
cloud could give are "known after apply", and an apply gives something for them. What the variable
`REFUSED` names cannot be read, as by a person without the right. It speaks plugin protocol 5, as a
server on this machine: `python provider.py SCHEMA.json`, started by Terraform.
"""

import json
import os
import sys
from concurrent import futures

import grpc
import msgpack
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# message -> field -> (number, type); a type in capitals is another message, * means many
MESSAGES = {
    "Nothing": {},
    "Value": {"msgpack": (1, "bytes"), "json": (2, "bytes")},
    "Attribute": {
        "name": (1, "string"), "type": (2, "bytes"),
        "required": (4, "bool"), "optional": (5, "bool"), "computed": (6, "bool"),
    },
    "Nested": {
        "type_name": (1, "string"), "block": (2, "Block"), "nesting": (3, "int64"),
        "min_items": (4, "int64"), "max_items": (5, "int64"),
    },
    "Block": {"attributes": (2, "*Attribute"), "block_types": (3, "*Nested")},
    "Schema": {"version": (1, "int64"), "block": (2, "Block")},
    "Entry": {"key": (1, "string"), "value": (2, "Schema")},
    "Schemas": {
        "provider": (1, "Schema"), "resource_schemas": (2, "*Entry"),
        "data_source_schemas": (3, "*Entry"),
    },
    "Raw": {"json": (1, "bytes")},
    "Config": {"config": (1, "Value")},
    "Upgrade": {"type_name": (1, "string"), "raw_state": (3, "Raw")},
    "Read": {"type_name": (1, "string"), "current_state": (2, "Value")},
    "Plan": {
        "type_name": (1, "string"), "prior_state": (2, "Value"), "proposed_new_state": (3, "Value"),
    },
    "Planned": {"planned_state": (1, "Value"), "legacy_type_system": (5, "bool")},
    "Apply": {"type_name": (1, "string"), "planned_state": (3, "Value")},
    "Applied": {"new_state": (1, "Value"), "legacy_type_system": (4, "bool")},
    "Problem": {"severity": (1, "int64"), "summary": (2, "string")},
    "ReadData": {"type_name": (1, "string"), "config": (2, "Value")},
    "Answer": {"value": (1, "Value"), "problems": (2, "*Problem")},
    "Health": {"status": (1, "int64")},
}  # fmt: skip
NESTING = {"one": 1, "list": 2}
FOUND = {"string": "1", "number": 1, "bool": False}
"""What is answered for whatever a configuration asks of the cloud."""
UNKNOWN = msgpack.ExtType(0, b"\x00")


def message_classes():
    """Make a class for each message."""
    file = descriptor_pb2.FileDescriptorProto(name="plugin.proto", package="plugin")
    field_type = descriptor_pb2.FieldDescriptorProto
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            added = message.field.add(name=field, number=number, label=field_type.LABEL_OPTIONAL)
            if kind[0] == "*":
                added.label, kind = field_type.LABEL_REPEATED, kind[1:]
            if kind in MESSAGES:
                added.type, added.type_name = field_type.TYPE_MESSAGE, f".plugin.{kind}"
            else:
                added.type = getattr(field_type, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"plugin.{name}") for name in MESSAGES}
    return {name: message_factory.GetMessageClass(kind) for name, kind in found.items()}


M = message_classes()


def to_block(block):
    """Give a block of the schema as a message."""
    made = M["Block"]()
    for name, (kind, flags) in block["attributes"].items():
        made.attributes.add(
            name=name, type=json.dumps(kind).encode(),
            required="r" in flags, optional="o" in flags, computed="c" in flags,
        )  # fmt: skip
    for name, (inner, minimum, maximum) in block["blocks"].items():
        single = name == "timeouts"
        made.block_types.add(
            type_name=name, block=to_block(inner), nesting=NESTING["one" if single else "list"],
            min_items=0 if single else minimum, max_items=0 if single else maximum,
        )  # fmt: skip
    return made


def fill(block, value):
    """Mark what only the cloud knows as unknown, at every depth."""
    for name, (_, flags) in block["attributes"].items():
        if "c" in flags and value.get(name) is None:
            value[name] = UNKNOWN
    for name, (inner, *_) in block["blocks"].items():
        some = value.get(name)
        for one in some if isinstance(some, list) else [some]:
            if isinstance(one, dict):
                fill(inner, one)
    return value


def made(block, value):
    """Give a resource as the cloud would, with something for each unknown value."""
    for name, (kind, _) in block["attributes"].items():
        if value.get(name) == UNKNOWN:
            value[name] = FOUND.get(kind) if isinstance(kind, str) else None
    for name, (inner, *_) in block["blocks"].items():
        some = value.get(name)
        for one in some if isinstance(some, list) else [some]:
            if isinstance(one, dict):
                made(inner, one)
    return value


def unpack(value):
    """Read a value of Terraform."""
    return msgpack.unpackb(value.msgpack, ext_hook=msgpack.ExtType, strict_map_key=False)


def packed(value):
    """Write a value for Terraform."""
    return M["Value"](msgpack=msgpack.packb(value))


class Provider:
    """What Terraform calls; each method takes and gives a message."""

    def __init__(self, schema):
        self._schema = schema

    def get_schema(self, _):
        provider = json.loads(json.dumps(self._schema["provider"]))
        provider["attributes"].pop("alias", None)
        for attribute in provider["attributes"].values():
            attribute[1] = "o"
        kinds = {
            f"{place}_schemas": [
                M["Entry"](key=name, value=M["Schema"](block=to_block(block)))
                for name, block in self._schema[source].items()
            ]
            for place, source in (("resource", "resources"), ("data_source", "data"))
        }
        return M["Schemas"](provider=M["Schema"](block=to_block(provider)), **kinds)

    def prepare(self, asked):
        return M["Answer"](value=asked.config)

    def nothing(self, _):
        return M["Nothing"]()

    def upgrade(self, asked):
        return M["Answer"](value=M["Value"](json=asked.raw_state.json))

    def read(self, asked):
        answer = M["Answer"](value=asked.current_state)
        if asked.type_name in os.environ.get("REFUSED", "").split():
            answer.problems.add(severity=1, summary=f"{asked.type_name}: Error 403")
        return answer

    def plan(self, asked):
        value = unpack(asked.proposed_new_state)
        if value is not None and unpack(asked.prior_state) is None:
            value = fill(self._schema["resources"][asked.type_name], value)
        return M["Planned"](planned_state=packed(value), legacy_type_system=True)

    def apply(self, asked):
        value = unpack(asked.planned_state)
        if value is not None:
            value = made(self._schema["resources"][asked.type_name], value)
        return M["Applied"](new_state=packed(value), legacy_type_system=True)

    def read_data(self, asked):
        block, value = self._schema["data"][asked.type_name], unpack(asked.config)
        for name, (kind, _) in block["attributes"].items():
            if value.get(name) is None:
                value[name] = FOUND.get(kind) if isinstance(kind, str) else None
        return M["Answer"](value=packed(value))

    def health(self, _):
        return M["Health"](status=1)

    def shutdown(self, _):
        os._exit(0)


SERVICES = {
    "tfplugin5.Provider": {
        "GetSchema": (Provider.get_schema, "Nothing"),
        "PrepareProviderConfig": (Provider.prepare, "Config"),
        "ValidateResourceTypeConfig": (Provider.nothing, "Nothing"),
        "ValidateDataSourceConfig": (Provider.nothing, "Nothing"),
        "Configure": (Provider.nothing, "Nothing"),
        "UpgradeResourceState": (Provider.upgrade, "Upgrade"),
        "ReadResource": (Provider.read, "Read"),
        "PlanResourceChange": (Provider.plan, "Plan"),
        "ApplyResourceChange": (Provider.apply, "Apply"),
        "ReadDataSource": (Provider.read_data, "ReadData"),
        "Stop": (Provider.nothing, "Nothing"),
    },
    "grpc.health.v1.Health": {"Check": (Provider.health, "Nothing")},
    "plugin.GRPCController": {"Shutdown": (Provider.shutdown, "Nothing")},
}


def handler(provider, method, asked):
    """Serve a method: bytes to message to message to bytes."""
    return grpc.unary_unary_rpc_method_handler(
        lambda message, _: method(provider, message),
        request_deserializer=M[asked].FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def main():
    """Serve on a free port until Terraform ends this process."""
    with open(sys.argv[1], encoding="utf-8") as file:
        provider = Provider(json.load(file))
    server = grpc.server(
        futures.ThreadPoolExecutor(8), options=[("grpc.max_send_message_length", -1)]
    )
    for service, methods in SERVICES.items():
        handlers = {name: handler(provider, *how) for name, how in methods.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|5|tcp|127.0.0.1:{port}|grpc", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
