"""Names that no label, block or parameter may have, because generated Python would break.

The lists are frozen here, so that checking needs no torch; a test compares them with the real ones.
"""

from __future__ import annotations

import re

PYTHON_KEYWORDS = frozenset(
    """
    False None True and as assert async await break case class continue def del elif else except finally for from
    global if import in is lambda match nonlocal not or pass raise return try while with yield
""".split()
)

MODULE_MEMBERS = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches
    eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict
    modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
""".split()
)
"""Public members of ``torch.nn.Module``: an attribute of that name would hide a method."""

GENERATED = frozenset("self torch nn F math round_to x forward super Tensor NamedTuple".split())
"""Names that generated files use themselves."""

BUILTINS = frozenset("range list tuple dict int float bool str zip enumerate len min max abs sum".split())
"""Python built-ins that generated files call; harmless as attributes, not as parameters."""

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def why_reserved(name: str) -> str | None:
    """Why a name cannot be a module's attribute or a class; None if it can."""
    if name in PYTHON_KEYWORDS:
        return "it is a keyword of Python"
    if name in MODULE_MEMBERS:
        return "every torch.nn.Module has a member of that name"
    if name in GENERATED:
        return "generated code uses that name itself"
    if _LABEL.fullmatch(name) is None:
        return "names are a letter, then at most 63 letters, digits and underscores"
    return None


def why_reserved_parameter(name: str) -> str | None:
    """Why a name cannot be a parameter or variable; None if it can."""
    if name in BUILTINS:
        return "generated code calls Python's built-in of that name"
    return why_reserved(name) if name not in MODULE_MEMBERS else None
