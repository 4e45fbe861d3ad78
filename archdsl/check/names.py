"""Checks labels whose text is computed: legal, not reserved, different from each other."""

from __future__ import annotations

from archdsl.check.activation import Activation
from archdsl.check.arguments import report_evaluation
from archdsl.check.state import State
from archdsl.diagnostics.diagnostic import Label
from archdsl.ir.design import Loop
from archdsl.ir.evaluate import EvaluationError, evaluate_name
from archdsl.ir.expr import NameTemplate
from archdsl.ir.walk import labels
from archdsl.resolve.reserved import why_reserved


class NameCheck:
    """The labels of one check."""

    def __init__(self, state: State) -> None:
        self._state = state

    def evaluated(self, template: NameTemplate, activation: Activation) -> str | None:
        """The text of a label, computed parts filled in; None after a report."""
        if template.plain is not None:
            return template.plain
        try:
            name = evaluate_name(template, activation.environment())
        except EvaluationError as error:
            report_evaluation(error, self._state.report)
            return None
        reason = why_reserved(name)
        if reason is not None:
            self._state.fail("E0209", f"`{name}` cannot be a label: {reason}", template.span)
            return None
        return name if self._is_new(name, template, activation) else None

    def _is_new(self, name: str, template: NameTemplate, activation: Activation) -> bool:
        if name not in activation.taken:
            activation.taken[name] = template.span
            return True
        earlier = activation.taken[name]
        labels_ = (Label(earlier, "first used here"),) if earlier != template.span else ()
        self._state.fail("E0207", f"the label `{name}` is used twice", template.span, labels=labels_)
        return False

    def loop_labels_differ(self, node: Loop) -> bool:
        """Whether the labels in a loop of two and more turns contain its variable; else reports the first."""
        if node.own:
            return True
        for template in labels(node.body):
            if template.plain is None:
                continue
            name = node.names[0] if node.names else "i"
            help = f"put the turn into the name: `{template.plain}{{{name}}}`"
            if node.is_repeat:
                help = f"write `for i in 1..=n` and `{template.plain}{{i}}`"
            self._state.fail(
                "E0207", f"the loop would use the label `{template.plain}` again in every turn", template.span, help=help
            )
            return False
        return True
