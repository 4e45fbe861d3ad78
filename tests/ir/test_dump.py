"""The text of a Design and of a TypedDesign: every kind of node and of expression, as a person would write it."""

from __future__ import annotations

from archdsl.ir.dump import dump_design, dump_typed
from archdsl.ir.typed import bodies_of
from tests.check.support import checked, network

TEXT = """\
block unit(c: int >= 1, act: block = leaky_relu(0.1), deep: [int] = [1, 2]) {
    conv(deep[0] * c // deep[0], 1) -> act
}
block two(t: tensor) { add { t; identity }; output a; output b { relu } }
block outer(u: block, flag: bool = false) {
    inline unit(8)
    u
    if flag and not flag { relu } else { s: tanh }
    down: if x.channels == 8 { identity } else { conv(8, 1) }
}
network base(width: int, names: [int], word: string = "a\\"b") {
    let (a, b) = (1, none)
    input image: [N, 8, H = 32, W]
    first: unit(width, deep=names[0..a + 0])
    for i in 1..=4 by 2 { low{i}: conv(8 if i > 1 else x.channels, 1) }
    if word == "c" or b != none { relu }
    repeat len(names) { identity }
    both: two(t=low3)
    add { both.a; both.b; image; low1 }
    outer(unit(8, act=relu), flag=-1 < 0)
    { relu }
    [N, 8, H, _]
    max_pool(2)
    output early: [N, _, _, _] when training { relu }
    output late: [N, 8, H // 2, W // 2]
}
network n = base(max(8, 2), names=[3, 4])
"""

DESIGN = """\
design n
  width = max(8, 2)
  names = [3, 4]
network base(width: int, names: [int], word: string = "a\\"b")
  let a, b = (1, none)
  input image [N, 8, H, W]
  first: apply unit(c=width, deep=names[0..(a + 0)])  @ first
  for i in 1..=4 by 2
    low{i}: conv(channels=(8 if (i > 1) else x.channels), kernel=1)  @ low{i}
  if ((word == "c") or (b != none))
    then
      relu()  @ relu shared
    else
  repeat len(names)
    identity()
  both: apply two(t=%low3)  @ both
  merge add()
    path 0
      refer %both.a
    path 1
      refer %both.b
    path 2
      refer %image
    path 3
      refer %low1
  apply outer(u=unit(c=8, act=relu), flag=((- 1) < 0))  @ outer
  group
    relu()  @ relu shared
  assert [N, 8, H, _]
  max_pool(kernel=2)  @ maxpool shared
  output early [N, _, _, _] when training
    relu()  @ relu shared
  output late [N, 8, (H // 2), (W // 2)]
block unit(c: int >= 1, act: block = leaky_relu(slope=0.1), deep: [int] = [1, 2])
  conv(channels=((deep[0] * c) // deep[0]), kernel=1)  @ next
  apply act()  @ next
block two(t: tensor)
  merge add()
    path 0
      refer %t
    path 1
      identity()
  output a
  output b
    relu()  @ relu shared
block outer(u: block, flag: bool = false)
  inline unit(c=8)
    conv(channels=((deep[0] * c) // deep[0]), kernel=1)  @ conv
    apply act()  @ act
  apply u()  @ u
  if (flag and (not flag))
    then
      relu()  @ relu shared
    else
      s: tanh()  @ s
  down: if (x.channels == 8)  @ down
    then
      identity()  @ inherited
    else
      conv(channels=8, kernel=1)  @ inherited
"""

TYPED_LINES = [
    'instance 0 base(width=8, names=[3, 4], word="a\\"b") on N x 8 x H x W',
    "  layers 19, weights 360",  # 2 + 2 + 2 + 3 + 1 + 6 + 1 + 1 + 1; five convolutions of 8 * 8 + 8
    "  let 1, none -> N x 8 x H x W",
    "  instance 1 -> N x 8 x H x W",
    "    turn 1 x 1",
    "  if not taken -> N x 8 x H x W",
    "  loop of 2 -> N x 8 x H x W",
    "    turn 0 x 2",
    "      refer %both.b -> N x 8 x H x W",
    "      refer %low1 -> N x 8 x H x W",
    "  group -> N x 8 x H x W",
    "  assert [N, 8, H, _] -> N x 8 x H x W",
    "  output early N x 8 x ⌊H/2⌋ x ⌊W/2⌋ -> N x 8 x ⌊H/2⌋ x ⌊W/2⌋",
    "instance 1 unit(c=8, act=leaky_relu(slope=0.1), deep=[3]) on N x 8 x H x W",
    "instance 2 two() on N x 8 x H x W, N x 8 x H x W",
    "  inline unit(c=8) -> N x 8 x H x W",
    "  instance 4 -> N x 8 x H x W",
    "  if taken -> N x 8 x H x W",
    "instance 4 unit(c=8, act=relu, deep=[1, 2]) on N x 8 x H x W",
    "condition `max_pool` needs a height of at least 2",
]


def test_every_kind_of_node_and_expression() -> None:
    typed, found = checked(TEXT)
    assert [finding.code for finding in found] == []
    assert typed is not None
    assert dump_design(typed.design) == DESIGN
    lines = dump_typed(typed).splitlines()
    assert [line for line in TYPED_LINES if line not in lines] == []


def test_an_instance_that_is_shared_has_one_number_and_one_body() -> None:
    typed, _ = checked(network("same -> same\noutput early { same }", before="block same() { conv(8, 1) }\n"))
    assert typed is not None
    lines = dump_typed(typed).splitlines()
    assert lines.count("  instance 1 -> N x 8 x H x W") == 2
    assert lines.count("    instance 1 -> N x 8 x H x W") == 1
    assert lines.count("instance 1 same() on N x 8 x H x W") == 1
    bodies = [body for node in typed.root.body.nodes for body in bodies_of(node)]
    assert [body.layers for body in bodies] == [1, 1, 1]


def test_what_was_reported_is_unknown() -> None:
    typed, found = checked(network("nowhere\nrelu"))
    assert [finding.code for finding in found] == ["E0201"]
    assert typed is not None
    assert "  unknown\n" in dump_design(typed.design)
    assert "  unknown -> unknown\n  relu() -> unknown\n" in dump_typed(typed)
