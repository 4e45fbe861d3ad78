"""Binds the top-level names of a file: follows its imports, reports what they cannot reach."""

from __future__ import annotations

from collections.abc import Callable, Collection

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.diagnostics.misspelt import misspelt
from archdsl.diagnostics.sink import Sink
from archdsl.ir.reserved import why_reserved
from archdsl.ops import REGISTRY
from archdsl.resolve.resolved import Definition, Project, ResolvedFile
from archdsl.source.loader import MAX_IMPORT_DEPTH, Loader, Refusal, scan_std
from archdsl.source.source import Source
from archdsl.source.span import Span
from archdsl.syntax import ast

Parse = Callable[[Source, Callable[[Diagnostic], None]], ast.File]


class Resolver:
    """Resolves files of one project; each is parsed and resolved once."""

    def __init__(self, loader: Loader, parse: Parse, sink: Sink) -> None:
        self.project = Project()
        self._loader = loader
        self._parse = parse
        self._sink = sink
        self._open: list[str] = []

    def resolve(self, path: str) -> ResolvedFile | Refusal:
        """The resolved file at a display path, or why it could not be read."""
        known = self.project.files.get(path)
        if known is not None:
            return known
        source = self._loader.load(path)
        if isinstance(source, Refusal):
            return source
        self.project.sources[path] = source
        tree = self._parse(source, self._sink.report)
        file = ResolvedFile(tree, unknown=set(tree.lost))
        self.project.files[path] = file
        self._open.append(path)
        for item in file.tree.items:
            if isinstance(item, ast.Import):
                self._follow(file, item)
        self._open.pop()
        for item in file.tree.items:
            if isinstance(item, ast.BlockDef | ast.Variant):
                self._define(file, item)
        return file

    # --- imports --------------------------------------------------------------------------------------

    def _follow(self, file: ResolvedFile, item: ast.Import) -> None:
        if item.dots == 0:
            self._follow_std(file, item)
            return
        target = self._imported_file(file, item)
        own = {definition.name: definition for definition in target.own} if target is not None else {}
        for imported in item.names:
            definition = own.get(imported.name.text)
            if definition is not None:
                self._bind(file, imported.alias, definition)
                continue
            file.unknown.add(imported.alias.text)
            if target is not None and imported.name.text not in target.unknown:
                self._unknown_import(file, target, imported)

    def _imported_file(self, file: ResolvedFile, item: ast.Import) -> ResolvedFile | None:
        """The file that an import names; None after a report."""
        path = self._loader.import_path(file.path, item.dots, item.module)
        if isinstance(path, Refusal):
            self._report(path.code, path.message, item.module_span)
            return None
        if path in self._open:
            cycle = [*self._open[self._open.index(path) :], path]
            shown = ", which imports ".join(f"`{name}`" for name in cycle[1:])
            self._report("E0212", f"imports form a cycle: `{cycle[0]}` imports {shown}", item.module_span)
            return None
        if len(self._open) > MAX_IMPORT_DEPTH:
            self._report("E0106", f"imports nest more than {MAX_IMPORT_DEPTH} deep", item.module_span)
            return None
        target = self.resolve(path)
        if isinstance(target, Refusal):
            self._report(target.code, target.message, item.module_span)
            return None
        return target

    def _follow_std(self, file: ResolvedFile, item: ast.Import) -> None:
        if item.module != ("std",):
            file.unknown.update(imported.alias.text for imported in item.names)
            name = ".".join(item.module)
            help = Help(f"a file beside this one is imported with a dot: `from .{name} import ...`")
            self._report("E0214", f"there is no library `{name}`; only `std` is built in", item.module_span, help)
            return
        for imported in item.names:
            path = self._loader.std_path(imported.name.text)
            target = self.resolve(path) if path is not None else None
            if isinstance(target, ResolvedFile):
                self._bind(file, imported.alias, target.scope[imported.name.text])
                continue
            file.unknown.add(imported.alias.text)
            meant = self._meant(imported.name, scan_std() if not self._sink.is_full else ())
            message = f"the standard library has no block `{imported.name.text}`"
            self._report("E0215", message, imported.name.span, meant)

    def _unknown_import(self, file: ResolvedFile, target: ResolvedFile, imported: ast.Imported) -> None:
        name = imported.name.text
        passed_on = target.scope.get(name)
        if passed_on is not None:
            source = Help(f"import it from where it is defined, `{passed_on.file.path}`")
            message = f"`{target.path}` imports `{name}`, but does not define it"
            self._report("E0215", message, imported.name.span, source)
            return
        help = self._meant(imported.name, [definition.name for definition in target.own])
        self._report("E0215", f"`{target.path}` defines no `{name}`", imported.name.span, help)

    def _meant(self, name: ast.Identifier, known: Collection[str]) -> Help | None:
        return misspelt(name.text, known, name.span) if self._sink.may_weigh(len(known)) else None

    # --- names ----------------------------------------------------------------------------------------

    def _define(self, file: ResolvedFile, item: ast.BlockDef | ast.Variant) -> None:
        definition = Definition(item.name.text, item, file)
        if self._bind(file, item.name, definition):
            file.own.append(definition)

    def _bind(self, file: ResolvedFile, name: ast.Identifier, definition: Definition) -> bool:
        reason = why_reserved(name.text)
        if reason is not None:
            self._report("E0209", f"`{name.text}` cannot be a block's name: {reason}", name.span)
            file.unknown.add(name.text)
            return False
        if name.text in REGISTRY:
            self._report("E0210", f"`{name.text}` is the name of a layer already", name.span)
            return False
        earlier = file.scope.get(name.text)
        if earlier is definition:
            return True
        if earlier is not None:
            label = Label(earlier.node.name.span, "first defined here")
            diagnostic = Diagnostic("E0210", f"`{name.text}` is defined twice", name.span, labels=(label,))
            self._sink.report(diagnostic)
            return False
        file.scope[name.text] = definition
        return True

    def _report(self, code: str, message: str, span: Span, help: Help | None = None) -> None:
        self._sink.report(Diagnostic(code, message, span, help=help))
