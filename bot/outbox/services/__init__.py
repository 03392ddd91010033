"""Delivering, editing, removing, and what an operator does with stuck deliveries."""
