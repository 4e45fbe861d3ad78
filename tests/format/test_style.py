"""The style, rule by rule: what is written, and what it becomes. What it becomes is a fixed point.

The texts are bodies, or whole files where they define something.
"""

from __future__ import annotations

import pytest

from tests.format.support import faults_of, formatted

LONG = "a_rather_long_name_of_a_value"
STYLE: dict[str, tuple[str, str]] = {
    # --- white space ---
    "blanks": ("conv( 8 ,3,padding = 1 )->relu", "conv(8, 3, padding=1) -> relu"),
    "operators": ("let a=1+2 *3//x . channels", "let a = 1 + 2 * 3 // x.channels"),
    "signs": ("let a = - 1 + -  x", "let a = -1 + -x"),
    "not": ("let a = not(b) and  not  c", "let a = not (b) and not c"),
    "powers of names are close": ("let a = 2 ** i * 3", "let a = 2**i * 3"),
    "powers of operations are not": ("let a = 2**(i+1) + 2**-i**2", "let a = 2**(i + 1) + 2 ** -i**2"),
    "ranges of names are close": ("for i in 0 .. n { relu }", "for i in 0..n { relu }"),
    "ranges of operations are not": ("for i in n-1..=0 by - 1 { relu }", "for i in n - 1 ..= 0 by -1 { relu }"),
    "indices": ("let a = b [ i ] [0]", "let a = b[i][0]"),
    "labels": ("layer{i+1}_x{j }: relu", "layer{i + 1}_x{j}: relu"),
    "shapes": ("input a : [ N,3,H=8 , _ ]", "input a: [N, 3, H = 8, _]"),
    "types": (
        "block b( a:( int ,[ block ] )=1 , c : ( int )>0 ){}",
        "block b(a: (int, [block]) = 1, c: (int,) > 0) {}",
    ),
    "imports": ("from . . a.b import ( c,d  as e )", "from ..a.b import c, d as e"),
    "numbers and strings stay": ('let a = [1_000, 1.50, 1E3, 5M, "\\t#"]', 'let a = [1_000, 1.50, 1E3, 5M, "\\t#"]'),
    "parentheses stay": ("let a = (1 + 2) * ((3))", "let a = (1 + 2) * ((3))"),
    "parentheses around all of it go": ("if ((a and b)) { relu }", "if a and b { relu }"),
    # --- bodies ---
    "one line stays": ("add { identity;relu }", "add { identity; relu }"),
    "several lines stay": ("add {\nidentity; relu }", "add {\n    identity\n    relu\n}"),
    "an empty body": ("add {\n}", "add {}"),
    "else": ("if a { b }\nelse{ c }", "if a { b } else { c }"),
    "else if": ("if a { b } else if c { d } else {\ne }", "if a { b } else if c { d } else {\n    e\n}"),
    "one line that is too long": (
        f"add {{ {LONG}({LONG}); {LONG}({LONG}, 1) }}",
        f"add {{\n    {LONG}({LONG})\n    {LONG}({LONG}, 1)\n}}",
    ),
    # --- chains ---
    "arrows at ends of lines": ("a ->\nb\n->c -> d", "a\n    -> b\n    -> c -> d"),
    "rows stay": ("a -> b\n-> c -> d", "a -> b\n    -> c -> d"),
    "a row that is too long": (
        f"{LONG}({LONG}) -> {LONG} -> {LONG}\n-> relu -> relu",
        f"{LONG}({LONG})\n    -> {LONG}\n    -> {LONG}\n    -> relu -> relu",
    ),
    "a body in a chain": ("a -> add {\nb } -> c", "a -> add {\n    b\n} -> c"),
    "a body in a row that goes on": ("a\n-> add {\nb } -> c", "a\n    -> add {\n        b\n    } -> c"),
    # --- brackets ---
    "what fits is joined": ("conv(\n8,\n3\n)", "conv(8, 3)"),
    "a comma at the end keeps it open": ("conv(\n8, 3,\n)", "conv(\n    8,\n    3,\n)"),
    "unless it was on one line": ("conv(8, 3,)", "conv(8, 3)"),
    "what does not fit": (
        f"conv({LONG}, {LONG}, {LONG}, {LONG})",
        f"conv(\n    {LONG},\n    {LONG},\n    {LONG},\n    {LONG},\n)",
    ),
    "one tuple of one": ("let (a) = (b,)", "let (a,) = (b,)"),
    "rows of a table stay": (
        "let a = [(1, 2), (3, 4),\n(5, 6)]",
        "let a = [\n    (1, 2), (3, 4),\n    (5, 6),\n]",
    ),
    "groups of rows stay": (
        "let a = [\n(1, 2),\n\n\n(3, 4)]",
        "let a = [\n    (1, 2),\n\n    (3, 4),\n]",
    ),
    "one row that fits is joined": ("let a = [\n1, 2\n]", "let a = [1, 2]"),
    "a long row of tuples": (
        f"let a = [({LONG}, 1), ({LONG}, 2), ({LONG}, 3), ({LONG}, 4)]",
        f"let a = [\n    ({LONG}, 1),\n    ({LONG}, 2),\n    ({LONG}, 3),\n    ({LONG}, 4),\n]",
    ),
    "a long row of numbers is wrapped": (
        f"let a = [{', '.join(['123456789'] * 12)}]",
        f"let a = [\n    {', '.join(['123456789'] * 10)},\n    123456789, 123456789,\n]",
    ),
    "a list alone in brackets": ("conv([\n1, 2,\n])", "conv([\n    1, 2,\n])"),
    "parentheses where an expression has to break": (
        f"let a = {LONG} * {LONG} + {LONG} - {LONG} * 2",
        f"let a = (\n    {LONG} * {LONG}\n    + {LONG}\n    - {LONG} * 2\n)",
    ),
    "a declaration that is too long": (
        f"input a: [N, {LONG}, H, W] where H in {LONG}..{LONG}, 2 divides W",
        f"input a: [N, {LONG}, H, W]\n    where H in {LONG}..{LONG}, 2 divides W",
    ),
    "imports that are too long": (
        f"from std import {LONG}, {LONG}, {LONG}, {LONG}",
        f"from std import (\n    {LONG},\n    {LONG},\n    {LONG},\n    {LONG},\n)",
    ),
    # --- lines and comments ---
    "several statements": ("a; b;", "a\nb"),
    "blank lines": ("\n\na\n\n\n\nb\n\n", "a\n\nb"),
    "definitions stand apart": (
        "from std import a\nblock b() { a }\n# of c\nblock c() { a }\nnetwork d = e()\nnetwork f = e()",
        "from std import a\n\nblock b() { a }\n\n# of c\nblock c() { a }\n\nnetwork d = e()\nnetwork f = e()",
    ),
    "documentation stays": (
        "## a\nblock b() { a }\n## b\nblock c() { a }",
        "## a\nblock b() { a }\n\n## b\nblock c() { a }",
    ),
    "what is none becomes none": (
        "## a\n\nblock b() { a } ## b\nblock c() {}",
        "## a\n\nblock b() { a }  ## b\n\nblock c() {}",
    ),
    "comments behind code": ("a # 1\nbc    # 2\n\nd  # 3", "a   # 1\nbc  # 2\n\nd  # 3"),
    "only in one column where they fit": (
        f"a # 1\n{LONG}({LONG}, {LONG}) # {'x' * 40}",
        f"a  # 1\n{LONG}({LONG}, {LONG})  # {'x' * 40}",
    ),
    "only on lines indented alike": ("add { # 1\nb # 2\n}", "add {  # 1\n    b  # 2\n}"),
    "comments on their own": ("   # 1\na\n# 2\n  # 3", "# 1\na\n# 2\n# 3"),
    "comments are not wrapped or changed": (f"#1 {'x' * 130}  \na", f"#1 {'x' * 130}\na"),
    "comments keep brackets open": ("conv(8, # 1\n3)", "conv(\n    8,  # 1\n    3,\n)"),
    "comments between steps": ("a # 1\n# 2\n-> b", "a  # 1\n    # 2\n    -> b"),
    "comments behind an arrow": ("a -> # 1\nb", "a  # 1\n    -> b"),
    "comments before a comma": ("conv(8 # 1\n, 3)", "conv(\n    8,  # 1\n    3,\n)"),
    "comments behind an operator": ("let a = (1 + # 1\n2)", "let a = (\n    1  # 1\n    + 2\n)"),
    "comments before else": ("if a { b } # 1\nelse { c }", "if a { b }  # 1\nelse { c }"),
    "comments where only parentheses permit them": (
        "if (a # 1\n(b)) { c }",
        "if (\n    a  # 1\n    (\n        b,\n    )\n) { c }",
    ),
    "comments in an empty body": ("add { # 1\n# 2\n}", "add {  # 1\n    # 2\n}"),
    "comments in a label": ("a{# 1\ni}: relu", "a{# 1\ni}: relu"),
}


def in_file(text: str) -> str:
    """A body as a file; what is a file already stays."""
    if text.startswith(("block", "from", "network", "##")):
        return text.rstrip("\n") + "\n"
    lines = "".join(f"    {line}\n" if line else "\n" for line in text.strip("\n").split("\n"))
    return f"block b() {{\n{lines}}}\n"


@pytest.mark.parametrize("case", STYLE)
def test_style(case: str) -> None:
    written, laid_out = STYLE[case]
    assert formatted(in_file(written)) == in_file(laid_out)
    assert faults_of(in_file(written)) == []
