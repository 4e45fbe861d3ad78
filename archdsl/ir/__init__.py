"""The data between the stages: sizes, types, expressions, Designs and TypedDesigns, with dumps and verifiers."""
