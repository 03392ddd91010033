"""Parts of a text that mean something: tags, links, headings, code, comments, metadata."""
