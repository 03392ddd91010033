"""The reference graph: which papers of the archive refer to which, and the chains between them."""
