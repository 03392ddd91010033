"""The tables of what is asked of arXiv and what it announced."""
