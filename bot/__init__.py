"""The paper-digest bot: a curator's notes on papers, posted daily and answered in chat."""
