"""The inbox: what platforms hand over, dispatched."""
