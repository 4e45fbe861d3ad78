"""Text to tree: the lexer, the parser over lark's tables, and the tree of what was written."""
