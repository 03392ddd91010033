"""Use cases: async functions whose parameters are their dependencies."""
