"""The web chat's memory over an open database."""
