"""THE registry of findings: what exists, how grave it is, what it means in one sentence.

To add a code, add one line to its family. ``E`` is an error, ``W`` a warning; the first two digits are the
family, and no number is used with both letters. Codes are part of the interface (ignore comments and CI
filters name them): a code that is out of use is never given a new meaning.
The sentences here say what a code means in general; the message of a finding, with its names and numbers,
is composed where the problem is detected.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]

PAGES = "archdsl/diagnostics/explain/"
"""Where the page of a code lies; a relative reference until the pages have a site."""


class Code(NamedTuple):
    """One kind of finding: ``Code("E0302", "shape-mismatch", "error", "Two shapes ... differ.")``."""

    id: str
    slug: str
    severity: Severity
    summary: str

    @property
    def url(self) -> str:
        """The page that explains this code with a failing example and its repair."""
        return f"{PAGES}{self.id}.md"


_ROWS: tuple[tuple[str, str, str], ...] = (
    # --- 01: text and syntax ---
    ("E0101", "syntax-error", "The text is not a sentence of the language at this place."),
    ("E0102", "unexpected-character", "A character stands where the language allows no such character."),
    ("E0103", "unbalanced-bracket", "A bracket is never closed, or closes nothing that is open."),
    ("E0104", "not-text", "The file is not UTF-8 text."),
    ("E0105", "empty-file", "The file declares nothing."),
    ("E0106", "limit-exceeded", "A file, its nesting, a name or a number is longer than the language allows."),
    ("E0107", "invalid-number", "A number is not written in a form that the language has."),
    ("E0108", "invalid-string", "A string is not closed on its line, or holds an unknown escape."),
    ("E0109", "unreadable-file", "The file is missing, is no regular file, or may not be read."),
    # --- 02: names and calls ---
    ("E0201", "unknown-layer-or-block", "No layer and no block has this name."),
    ("E0202", "unknown-argument", "The layer or block has no parameter of this name."),
    ("E0203", "missing-argument", "A parameter without a default is given no argument."),
    ("E0204", "doubled-argument", "A parameter is given more than one argument."),
    ("E0205", "too-many-arguments", "More arguments are given by position than there are parameters."),
    ("E0206", "wrong-type", "A value is of another type than its place demands."),
    ("E0207", "duplicate-label", "Two values of one scope carry the same label."),
    ("E0208", "unknown-label", "No earlier value carries this label."),
    ("E0209", "reserved-name", "The name already means something in Python, in PyTorch or in the language."),
    ("E0210", "duplicate-definition", "Two definitions of one file have the same name."),
    ("E0211", "recursion", "A block applies itself, directly or through other blocks."),
    ("E0212", "import-cycle", "A file imports itself, directly or through other files."),
    ("E0213", "import-outside-root", "An import leads out of the project's root."),
    ("E0214", "import-not-found", "There is no file where the import points."),
    ("E0215", "unknown-import", "The imported file defines nothing of this name."),
    ("E0216", "missing-input", "A network states no input."),
    ("E0217", "missing-output", "A network states no output."),
    ("E0218", "misplaced-statement", "The statement is not allowed at this place."),
    ("E0219", "unknown-name", "No parameter, variable or constant has this name."),
    ("E0220", "misplaced-argument", "Something is handed to a layer or block that takes nothing of this form."),
    ("E0221", "duplicate-parameter", "Two parameters of one block or network have the same name."),
    ("E0222", "unknown-attribute", "The value has no attribute of this name."),
    ("E0223", "missing-label", "A layer with weights needs a label at this place."),
    # --- 03: shapes; a warning W03nn is number nn in the design's list of mistakes that torch runs silently ---
    ("E0301", "kernel-too-large", "The window is larger than the padded input it slides over."),
    ("E0302", "shape-mismatch", "Shapes that have to agree differ."),
    ("E0303", "indivisible-channels", "A number of channels cannot be divided evenly as the layer demands."),
    ("E0304", "wrong-rank", "The value has more or fewer axes than the layer takes."),
    ("E0305", "open-size", "A size that has to be fixed depends on the size of the input."),
    ("E0306", "empty-output", "The output would have an axis of size 0."),
    ("E0307", "invalid-padding", "The padding is larger than its mode or its window allows."),
    ("E0308", "invalid-combination", "Arguments that are valid one by one exclude each other."),
    ("E0309", "indivisible-size", "A height or width cannot be divided evenly as the layer demands."),
    ("E0310", "wrong-axis-count", "An argument has a number for more or fewer axes than the value has."),
    ("E0311", "wrong-shape-step", "A shape that is stated as a step is not the shape that flows there."),
    ("E0312", "wrong-output", "An output has another shape than the network states."),
    ("E0313", "contradictory-sizes", "No size of the input satisfies everything the network demands."),
    ("E0314", "size-limit", "A tensor, one of its axes or the weights are larger than the language allows."),
    ("E0315", "declared-size-refused", "A size that an input declares is not accepted by the network."),
    ("W0319", "stride-drops-pixels", "The last rows or columns of the input are never looked at."),
    ("W0320", "stride-skips-pixels", "The stride is larger than the window, so pixels between windows are skipped."),
    ("W0321", "window-outside-image", "With rounding up, the last window reaches beyond the image."),
    ("W0322", "adaptive-upsampling", "An adaptive pool makes its input larger, so it repeats values."),
    ("W0324", "padding-exceeds-kernel", "Windows at the border see nothing but padding."),
    ("W0325", "window-over-one-pixel", "A window of several pixels slides over a map of one pixel."),
    ("W0329", "norm-over-one-pixel", "Batch norm over one pixel has only the batch to average over."),
    ("W0335", "softmax-before-loss", "The network ends in softmax, which cross-entropy applies once more."),
    ("W0340", "even-kernel-shift", "An even kernel with `same` padding shifts the image by half a pixel."),
    ("W0341", "bias-before-norm", "Batch norm directly behind a layer cancels its bias."),
    ("W0342", "dropout-of-everything", "A dropout with probability 1 leaves only zeros."),
    # --- 04: values ---
    ("E0401", "out-of-range", "A value breaks the constraint of its parameter."),
    ("E0402", "division-by-zero", "An expression divides by zero."),
    ("E0403", "index-out-of-range", "An index points outside its list or tuple."),
    ("E0404", "too-many-layers", "The network would expand to more layers than the language allows."),
    ("E0405", "not-computable", "An operator has no meaning for the values it is given."),
    ("E0406", "open-condition", "A condition depends on the size of the input, so it cannot be decided here."),
    ("E0407", "number-too-large", "A number lies outside the range that the language computes with."),
    # --- 05: the contract ---
    ("E0501", "expectation-failed", "A network does not keep an expectation that it states."),
    ("E0502", "unused-value", "A value is computed and never used."),
    ("E0503", "unused-path", "A join has one path only, so it joins nothing."),
    ("W0504", "unused-name", "A parameter or a variable is never read."),
    # --- 06: code generation ---
    ("E0601", "not-writable", "The network is right, but it cannot be written as one class per block."),
    # --- 07: the project: its configuration, and comments that speak to the checker ---
    ("E0701", "invalid-configuration", "The configuration file is no TOML."),
    ("E0702", "unknown-option", "The configuration has no option of this name."),
    ("E0703", "invalid-option", "An option of the configuration has a value that it cannot have."),
    ("W0704", "unused-ignore", "An ignore comment silences nothing."),
    ("W0705", "invalid-ignore", "An ignore comment names no warning that it could silence."),
    # --- 08: training: the recipe, and whether network, data and recipe fit each other ---
    ("E0801", "invalid-recipe", "The recipe is no TOML."),
    ("E0802", "unknown-setting", "The recipe has no setting of this name."),
    ("E0803", "invalid-setting", "A setting of the recipe has a value that it cannot have."),
    ("E0804", "unusable-data", "The data set is missing, empty or cannot be read."),
    ("E0805", "wrong-channels", "The samples have another number of channels than the network takes."),
    ("E0806", "wrong-sample-size", "The network does not accept samples of this size."),
    ("E0807", "wrong-classes", "The data set and the network differ in the number of classes."),
    ("E0808", "single-logit", "Cross-entropy is to be taken over one output, which is always 0."),
    ("E0809", "wrong-labels", "The labels are not in the form that the loss takes."),
    ("E0810", "softmax-in-loss", "The network ends in softmax, and the loss has a softmax of its own."),
    ("E0811", "untrainable-network", "The network has no input for images, or no output for classes."),
    ("E0812", "unfit-batch", "The batch is too large for the data set, or too small for the network."),
    ("E0813", "broken-sample", "A sample is not what its data set declares."),
    ("E0814", "not-finite", "A layer gave values that are not finite, so the loss says nothing."),
    ("E0815", "other-network", "Weights or a run belong to another network than the one that is given."),
    # --- 09: what no longer fits an earlier version (`archdsl breaking`), the gravest first ---
    ("E0901", "broken-checkpoint", "Weights saved from the earlier version no longer load."),
    ("E0902", "broken-shape", "Inputs of the earlier version are refused, or outputs have other shapes."),
    (
        "E0903",
        "broken-interface",
        "Code that builds or calls the earlier version no longer works.",
    ),
    ("E0904", "other-computation", "The weights of the earlier version load, but something else is computed."),
)

CODES: dict[str, Code] = {
    code: Code(code, slug, "error" if code[0] == "E" else "warning", summary) for code, slug, summary in _ROWS
}
"""Every code by its id."""
