"""The curator's desk: notes on papers written in a form."""
