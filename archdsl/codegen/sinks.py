"""Where modules go while ``__init__`` is written: attributes, a list that grows, or a list of arguments."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Sequence

from archdsl.codegen import pytree as py


class NotPure(Exception):
    """Raised where modules cannot be the arguments of one call: statements are needed."""


class ModuleSink(ABC):
    """Takes modules in order; ``name`` is a string or f-string, None for a position."""

    @abstractmethod
    def add(self, name: ast.expr | None, module: ast.expr, *, typed: bool = False) -> None:
        """One module. ``typed``: annotate the attribute as any module, since another branch sets it too."""

    def into(self, statements: list[ast.stmt]) -> ModuleSink:
        """The same place, written to from inside a loop or condition."""
        return self

    @staticmethod
    def listed(statements: list[ast.stmt], variable: str) -> ModuleSink:
        """A list variable that is appended to."""
        return _Listed(statements, variable)

    @staticmethod
    def named(statements: list[ast.stmt], variable: str) -> ModuleSink:
        """An ``nn.Sequential`` variable whose children get names."""
        return _Named(statements, variable)

    @staticmethod
    def discarded() -> ModuleSink:
        """Nowhere: for trying out what flows."""
        return Discarded()


class Attributes(ModuleSink):
    """``self.name = module``, or ``self.add_module(f"...", module)`` for a computed name."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        self._statements = statements

    def add(self, name: ast.expr | None, module: ast.expr, *, typed: bool = False) -> None:
        if not isinstance(name, ast.Constant) or not str(name.value).isidentifier():
            assert name is not None
            self._statements.append(py.expression(py.call("self.add_module", [name, module])))
        elif typed:
            self._statements.append(py.assign_typed(f"self.{name.value!s}", py.dotted("nn.Module"), module))
        else:
            self._statements.append(py.assign(f"self.{name.value!s}", module))

    def into(self, statements: list[ast.stmt]) -> ModuleSink:
        return Attributes(statements)


class Collected(ModuleSink):
    """The arguments of one ``nn.Sequential(...)``."""

    def __init__(self) -> None:
        self.modules: list[ast.expr] = []

    def add(self, name: ast.expr | None, module: ast.expr, *, typed: bool = False) -> None:
        self.modules.append(module)

    def repeat(self, module: ast.expr, names: Sequence[str], iterable: ast.expr) -> None:
        """``*(module for names in iterable)``."""
        read = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
        targets = tuple(name if name in read else "_" for name in names) or ("_",)
        comprehension = ast.comprehension(py.target_of(targets), iterable, [], 0)
        self.modules.append(ast.Starred(ast.GeneratorExp(module, [comprehension]), py.LOAD))


class _Listed(ModuleSink):
    def __init__(self, statements: list[ast.stmt], variable: str) -> None:
        self._last: ast.stmt | None = None
        self._statements = statements
        self._variable = variable

    def add(self, name: ast.expr | None, module: ast.expr, *, typed: bool = False) -> None:
        last = self._statements[-1] if self._statements else None
        if isinstance(last, ast.AnnAssign) and isinstance(last.value, ast.List) and self._is_own(last.target):
            last.value.elts.append(module)
            return
        if last is not None and last is self._last and isinstance(last, ast.AugAssign):
            assert isinstance(last.value, ast.List)
            last.value.elts.append(module)
            return
        if last is not None and last is self._last and isinstance(last, ast.Expr):
            # Two in a row become one `+=` of a list.
            assert isinstance(last.value, ast.Call)
            self._statements[-1] = py.augment(self._variable, ast.Add(), py.list_of([*last.value.args, module]))
        else:
            self._statements.append(py.expression(py.call(f"{self._variable}.append", [module])))
        self._last = self._statements[-1]

    def into(self, statements: list[ast.stmt]) -> ModuleSink:
        return _Listed(statements, self._variable)

    def _is_own(self, target: ast.expr) -> bool:
        return isinstance(target, ast.Name) and target.id == self._variable


class _Named(ModuleSink):
    def __init__(self, statements: list[ast.stmt], variable: str) -> None:
        self._statements = statements
        self._variable = variable

    def add(self, name: ast.expr | None, module: ast.expr, *, typed: bool = False) -> None:
        assert name is not None
        self._statements.append(py.expression(py.call(f"{self._variable}.add_module", [name, module])))

    def into(self, statements: list[ast.stmt]) -> ModuleSink:
        return _Named(statements, self._variable)


class Discarded(ModuleSink):
    """Takes modules and forgets them."""

    def add(self, name: ast.expr | None, module: ast.expr, *, typed: bool = False) -> None:
        return
