"""Everything that crosses the border as data: models of the JSON documents, and their published schemas.

The commands on the path of ``check`` print plain dictionaries of the same form, because pydantic takes longer
to load than a check; the tests hold both together.
"""
