"""Inbound replies, copies, answers, forgetting, linked channels."""
