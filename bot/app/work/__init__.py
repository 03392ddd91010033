"""What a running bot does besides showing pages, imported once its address was said (issue 19)."""
