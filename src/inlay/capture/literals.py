"""The settings of a cell, read from its text: names assigned once, at top level, with a literal.

Nothing is executed. One walk over the syntax tree counts every way in which a name can be bound or
changed in the module's scope; a name counts as a setting only when its one binding is the literal,
because anything else would record a value that the code did not run with.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_LITERAL = 10_000  # characters of source; longer ones are data, and the source is kept anyway


def assigned_literals(source: str) -> dict[str, Any]:
    """Names and JSON values of the literals that `source` assigns; {} for a syntax error."""
    try:
        with warnings.catch_warnings():  # the cell itself will say it, once is enough
            warnings.simplefilter("ignore")
            module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    bindings = Counter(_bindings(module.body))
    return {
        name: value
        for statement in module.body
        for name, value in _literals_of(statement)
        if bindings[name] == 1 and not name.startswith("_")
    }


# --- literals -------------------------------------------------------------------------------------


class _NotLiteralError(Exception):
    pass


def _literals_of(statement: ast.stmt) -> Iterator[tuple[str, Any]]:
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value:
        targets, value = [statement.target], statement.value
    else:
        return
    for target in targets:
        yield from _pairs(target, value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Any]]:
    if isinstance(target, ast.Name):
        try:
            literal = _value(value)
        except (_NotLiteralError, ArithmeticError, ValueError, TypeError, RecursionError):
            return
        if len(repr(literal)) <= LONGEST_LITERAL:
            yield target.id, literal
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        starred = any(isinstance(item, ast.Starred) for item in (*target.elts, *value.elts))
        if not starred and len(target.elts) == len(value.elts):
            for one_target, one_value in zip(target.elts, value.elts, strict=True):
                yield from _pairs(one_target, one_value)


def _value(node: ast.expr) -> Any:
    """The JSON value of a literal: tuples become lists, sets sorted lists, keys text."""
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Set):
        return sorted((_value(item) for item in node.elts), key=lambda item: (str(type(item)), item))
    if isinstance(node, ast.Dict):
        return {_key(key): _value(item) for key, item in zip(node.keys, node.values, strict=True)}
    return _number(node)


def _constant(value: object) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise _NotLiteralError


def _key(node: ast.expr | None) -> str:
    if node is None:  # {**other}
        raise _NotLiteralError
    value = _value(node)
    if isinstance(value, (list, dict)):
        raise _NotLiteralError
    return str(value)


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def _number(node: ast.expr) -> int | float:
    """The number that constant arithmetic such as 2**10, 60 * 60 or -1e-3 comes to."""
    result: Any
    if isinstance(node, ast.Constant):
        result = node.value
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        result = _UNARY[type(node.op)](_number(node.operand))
    elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _number(node.left), _number(node.right)
        if isinstance(node.op, (ast.Pow, ast.LShift)) and abs(right) > 1024:
            raise _NotLiteralError  # somebody's joke would take the kernel's memory
        result = _BINARY[type(node.op)](left, right)
    else:
        raise _NotLiteralError
    if isinstance(result, bool) or not isinstance(result, (int, float)):
        raise _NotLiteralError
    if isinstance(result, int) and result.bit_length() > 1024:
        raise _NotLiteralError
    if isinstance(result, float) and math.isnan(result):
        raise _NotLiteralError
    return result


# --- bindings -------------------------------------------------------------------------------------

_CHANGING = re.compile("add|append|clear|discard|extend|insert|pop|popitem|remove|reverse|setdefault|sort|update")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _bindings(nodes: list[ast.stmt]) -> Iterator[str]:
    """Each name once for each place that binds or changes it in the module's scope."""
    waiting: list[ast.AST] = list(nodes)
    while waiting:
        node = waiting.pop()
        yield from _bound_by(node)
        waiting.extend(_same_scope(node))


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        yield from _declared_global(node)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    elif isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        yield from _changed(node.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _changed(node.func.value) if _CHANGING.fullmatch(node.func.attr) else ()


def _changed(node: ast.expr) -> Iterator[str]:
    """The name at the root of `name[...].part`, whose value is no longer the literal."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, _FUNCTIONS):
        yield from (default for default in node.args.defaults + node.args.kw_defaults if default)
        yield from getattr(node, "decorator_list", [])
    elif isinstance(node, ast.ClassDef):
        yield from node.decorator_list + node.bases + [word.value for word in node.keywords]
    elif isinstance(node, _COMPREHENSIONS):
        # Its loop variables are its own; `:=` inside it binds out here.
        for part in ast.walk(node):
            if isinstance(part, ast.NamedExpr):
                yield part.target
    elif isinstance(node, ast.AnnAssign) and node.value is None:
        yield node.annotation
    else:
        yield from ast.iter_child_nodes(node)


def _declared_global(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Global):
            yield from part.names
        elif isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            yield from _changed(part.value)
