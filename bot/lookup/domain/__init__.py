"""The look-up language: parsed, formatted, and its results as documents."""
