"""The static site: its pages and feeds, rendered with the templates of the running bot."""
