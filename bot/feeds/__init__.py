"""The archive for feed readers and crawlers: Atom, JSON Feed, OPML."""
