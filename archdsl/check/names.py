"""Checks labels whose text is computed: legal, not reserved, different from each other."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.check.activation import Activation
from archdsl.check.arguments import report_evaluation
from archdsl.check.state import State
from archdsl.diagnostics.diagnostic import Diagnostic, Label
from archdsl.ir.design import Loop
from archdsl.ir.evaluate import EvaluationError, evaluate_name
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Value
from archdsl.ir.reserved import why_reserved
from archdsl.ir.walk import labels, placed_labels
from archdsl.source.span import Span


def label_used_twice(name: str, span: Span, earlier: str, earlier_span: Span) -> Diagnostic:
    """Two labels of one module that are the same, or that file systems and people would take for the same."""
    message = f"the label `{name}` is used twice"
    if earlier != name:
        message = f"the labels `{earlier}` and `{name}` differ in case only"
    if earlier_span == span:
        return Diagnostic("E0207", message, span, here="an earlier turn came out as the same")
    return Diagnostic(
        "E0207", message, span, here=f"comes out as `{name}`", labels=(Label(earlier_span, "first used here"),)
    )


class NameCheck:
    """The labels of one check."""

    def __init__(self, state: State) -> None:
        self._state = state

    def evaluated(self, template: NameTemplate, activation: Activation) -> str | None:
        """The text of a label, computed parts filled in, noted as taken; None after a report."""
        name = template.plain if template.plain is not None else self.text(template, activation)
        return name if name is not None and self._is_new(name, template, activation) else None

    def text(self, template: NameTemplate, activation: Activation) -> str | None:
        """The text of a computed label, if it can be one; None after a report."""
        try:
            name = evaluate_name(template, activation.environment())
        except EvaluationError as error:
            report_evaluation(error, self._state)
            return None
        reason = why_reserved(name.replace("-", "_"))
        if reason is None:
            return name
        self._state.fail("E0209", f"`{name[:80]}` cannot be a label: {reason}", template.span)
        return None

    def _is_new(self, name: str, template: NameTemplate, activation: Activation) -> bool:
        taken = activation.labels.taken
        if name.lower() not in taken:
            taken[name.lower()] = (name, template)
            return True
        earlier, other = taken[name.lower()]
        if template.plain is not None and other.plain is not None:
            return True  # plain labels were compared when the block was lowered
        self._state.report(label_used_twice(name, template.span, earlier, other.span))
        return False

    def take_all(self, node: Loop, items: Sequence[Value], activation: Activation) -> bool:
        """Takes the labels of turns that are alike and are not looked at one by one; False after a report."""
        templates = [template for template in labels(node.body) if template.plain is None]
        if not templates or not self._state.count_unrolled(len(items) * len(templates), node.span):
            return not templates
        for item in items:
            activation.variables[node.names[0]] = item
            for template in templates:
                name = self.text(template, activation)
                if name is None or not self._is_new(name, template, activation):
                    return False
        return True

    def loop_labels_differ(self, node: Loop) -> bool:
        """Whether the labels in a loop of two and more turns are computed; else reports the first that is not."""
        if node.own:
            return True
        plain = ((template, by) for template, by in placed_labels(node.body) if template.plain is not None)
        template, inlined = next(plain, (None, None))
        if template is None:
            return True
        name = node.names[0] if node.names else "i"
        help = f"put the turn into the name: `{template.plain}{{{name}}}: ...`"
        if node.is_repeat:
            help = f"count the turns, `for i in 1..=n {{ ... }}`, and name them: `{template.plain}{{i}}: ...`"
        message = f"every turn of the loop would use the label `{template.plain}` again"
        places = [Label(node.iterable.span, "the loop")]
        span = template.span
        if inlined is not None:
            span, help = inlined.span, "apply the block without `inline`: each turn then has a module of its own"
            places.append(Label(template.span, "the label"))
        self._state.fail("E0207", message, span, labels=places, help=help)
        return False
