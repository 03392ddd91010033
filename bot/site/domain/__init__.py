"""Which pages the site has, what each shows, and where it stands; pure."""
