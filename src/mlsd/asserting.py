"""Which tests a file has, and whether they can fail."""

import ast
from itertools import takewhile

Test = ast.FunctionDef | ast.AsyncFunctionDef


def tests_in(source: str) -> list[Test]:
    """List the tests of a file. The list is empty if the file is not Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    functions = [node for node in ast.walk(tree) if isinstance(node, Test)]
    return [node for node in functions if node.name.startswith("test")]


def body(test: Test) -> str:
    """Give the statements of a test, without its name and its docstring."""
    lines = test.body[1:] if ast.get_docstring(test) else test.body
    return "\n".join(map(ast.dump, lines))


def can_fail(test: Test) -> bool:
    """Say whether a test runs, gets a value from elsewhere, and asserts something."""
    if any(_is_skip(node) for decorator in test.decorator_list for node in ast.walk(decorator)):
        return False
    lines = takewhile(lambda line: not isinstance(line, ast.Return | ast.Raise), test.body)
    nodes = [node for line in lines for node in ast.walk(line)]
    calls = any(isinstance(node, ast.Call) for node in nodes)
    return (calls or bool(test.args.args)) and any(map(_asserts, nodes))


def _is_skip(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "skip"


def _asserts(node: ast.AST) -> bool:
    """Say whether a node is an assertion that may be false."""
    if isinstance(node, ast.Assert):
        parts = list(ast.walk(node.test))
        asks = any(isinstance(part, ast.Name | ast.Call) for part in parts)
        return asks and not any(_always(part) for part in parts)
    name = getattr(node, "attr", getattr(node, "id", ""))
    return name in ("raises", "warns") or name.startswith("assert")


def _always(node: ast.AST) -> bool:
    """Say whether a node is an `or` with a true constant, so that it is always true."""
    is_or = isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
    return is_or and any(isinstance(part, ast.Constant) and part.value for part in node.values)
